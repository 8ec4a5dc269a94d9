#include "proto/push/push_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using push::PaddedText;
using push::PushLimits;
using push::PushParser;
using push::PushRequest;
using ::testing::ElementsAre;

constexpr PushLimits kLimits{
    .targets_max = 3, .uid_size_max = 8, .channel_size_max = 10, .wait_timeout_max_ms = 1'000};

// What follows the text in memory must not matter: these bytes would complete some malformed texts.
std::string padded(std::string_view json, char filler) {
  return std::string(json) + std::string(push::kPadding, filler);
}

push::PushError error_of(std::string_view json, char filler = '}') {
  PushParser parser;
  PushRequest request;
  const std::string buffer = padded(json, filler);
  const auto parsed = parser.parse(
      PaddedText::promise(std::string_view(buffer).substr(0, json.size())), kLimits, request);
  if (parsed) return {.code = "accepted", .message = {}, .path = {}};
  return parsed.error();
}

class Parsed {
 public:
  explicit Parsed(std::string json) : json_(std::move(json)) {
    const auto parsed = parser_.parse(PaddedText::of(json_), kLimits, request_);
    EXPECT_TRUE(parsed) << json_ << ": " << (parsed ? "" : parsed.error().message);
  }
  const PushRequest* operator->() const { return &request_; }

 private:
  std::string json_;
  PushParser parser_;
  PushRequest request_;
};

struct ErrorRow {
  std::string_view rule;
  std::string_view json;
  std::string_view code;
  std::string_view path;
};

constexpr ErrorRow kErrors[] = {
    {"nothing", "", "invalid_json", ""},
    {"white space", "  \n ", "invalid_json", ""},
    {"no JSON", "hello", "wrong_type", ""},
    {"a number", "1", "wrong_type", ""},
    {"an array", R"([{"uid":"1","text":""}])", "wrong_type", ""},
    {"a string", R"("uid")", "wrong_type", ""},
    {"unclosed object", R"({"uid":"1","text":"")", "invalid_json", ""},
    {"unclosed string", R"({"uid":"1","text":"})", "invalid_json", ""},
    {"no colon", R"({"uid" "1"})", "invalid_json", ""},
    {"no comma", R"({"uid":"1" "text":"a"})", "invalid_json", ""},
    {"comma at the end", R"({"uid":"1","text":"a",})", "invalid_json", ""},
    {"comma at the start", R"({,"uid":"1","text":"a"})", "invalid_json", ""},
    {"key is no string", R"({1:"1","text":"a"})", "invalid_json", ""},
    {"value missing", R"({"uid":,"text":"a"})", "invalid_json", ""},
    {"garbage after", R"({"uid":"1","text":"a"}x)", "invalid_json", ""},
    {"object after", R"({"uid":"1","text":"a"}{})", "invalid_json", ""},
    {"brace after", R"({"uid":"1","text":"a"}})", "invalid_json", ""},
    {"single quotes", R"({'uid':'1','text':'a'})", "invalid_json", ""},
    {"comment", R"({"uid":"1","text":"a"/**/})", "invalid_json", ""},
    {"byte order mark", "\xEF\xBB\xBF{\"uid\":\"1\",\"text\":\"a\"}", "wrong_type", ""},
    {"invalid UTF-8", "{\"uid\":\"1\",\"text\":\"\xC3\x28\"}", "invalid_utf8", ""},
    {"UTF-8 surrogate", "{\"uid\":\"1\",\"text\":\"\xED\xA0\x80\"}", "invalid_utf8", ""},
    {"control character", "{\"uid\":\"1\",\"text\":\"a\nb\"}", "invalid_json", ""},
    {"bad escape", R"({"uid":"1","text":"\x41"})", "invalid_json", ""},
    {"short escape", R"({"uid":"1","text":"\u00"})", "invalid_json", ""},
    {"half a surrogate pair", R"({"uid":"1","text":"\ud800"})", "invalid_json", ""},
    {"the other half", R"({"uid":"1","text":"\udc00"})", "invalid_json", ""},
    {"half a pair and a letter", R"({"uid":"1","text":"\ud800\u0041"})", "invalid_json", ""},

    {"unknown key", R"({"uid":"1","text":"a","txt":"b"})", "unknown_key", "txt"},
    {"key in upper case", R"({"UID":"1","text":"a"})", "unknown_key", "UID"},
    {"escaped key", R"({"\u0075id":"1","text":"a"})", "unknown_key", ""},
    {"long key", R"({"a234567890123456789012345":"1"})", "unknown_key", ""},
    {"empty key", R"({"":"1"})", "unknown_key", ""},
    {"key of nested object", R"({"push":{"uid":"1"}})", "unknown_key", "push"},
    {"duplicate uid", R"({"uid":"1","uid":"1","text":"a"})", "duplicate_key", "uid"},
    {"duplicate data", R"({"uid":"1","data":1,"data":1})", "duplicate_key", "data"},

    {"no target", R"({"text":"a"})", "missing_target", ""},
    {"nothing at all", R"({})", "missing_target", ""},
    {"uid and channel", R"({"uid":"1","channel":"c","text":"a"})", "several_targets", ""},
    {"uid and uids", R"({"uid":"1","uids":["2"],"text":"a"})", "several_targets", ""},
    {"all and connection", R"({"all":true,"connection":"1","text":"a"})", "several_targets", ""},
    {"no payload", R"({"uid":"1"})", "missing_payload", ""},
    {"two payloads", R"({"uid":"1","text":"a","data":1})", "several_payloads", ""},
    {"three payloads", R"({"uid":"1","text":"a","data":1,"binary":""})", "several_payloads", ""},

    {"uid an integer", R"({"uid":1,"text":"a"})", "wrong_type", "uid"},
    {"uid null", R"({"uid":null,"text":"a"})", "wrong_type", "uid"},
    {"uid an array", R"({"uid":["1"],"text":"a"})", "wrong_type", "uid"},
    {"uid empty", R"({"uid":"","text":"a"})", "empty_value", "uid"},
    {"uid one byte too long", R"({"uid":"123456789","text":"a"})", "too_long", "uid"},
    {"uids a string", R"({"uids":"1","text":"a"})", "wrong_type", "uids"},
    {"uids empty", R"({"uids":[],"text":"a"})", "empty_value", "uids"},
    {"uids with an integer", R"({"uids":["1","2",3],"text":"a"})", "wrong_type", "uids[2]"},
    {"uids with an empty one", R"({"uids":["1",""],"text":"a"})", "empty_value", "uids[1]"},
    {"uids with a long one", R"({"uids":["123456789"],"text":"a"})", "too_long", "uids[0]"},
    {"uids one too many", R"({"uids":["1","2","3","4"],"text":"a"})", "too_many", "uids"},
    {"uids unclosed", R"({"uids":["1","text":"a"})", "invalid_json", ""},
    {"uids without comma", R"({"uids":["1" "2"],"text":"a"})", "invalid_json", ""},
    {"uids with a comma too many", R"({"uids":["1",],"text":"a"})", "invalid_json", ""},
    {"channel a number", R"({"channel":7,"text":"a"})", "wrong_type", "channel"},
    {"channel too long", R"({"channel":"12345678901","text":"a"})", "too_long", "channel"},
    {"channels with an object", R"({"channels":[{}],"text":"a"})", "wrong_type", "channels[0]"},
    {"connection empty", R"({"connection":"","text":"a"})", "empty_value", "connection"},
    {"all false", R"({"all":false,"text":"a"})", "invalid_value", "all"},
    {"all a string", R"({"all":"true","text":"a"})", "wrong_type", "all"},
    {"all nearly true", R"({"all":truex,"text":"a"})", "wrong_type", "all"},
    {"profile alone", R"({"profile":"p","text":"a"})", "missing_target", ""},
    {"profile with uid", R"({"uid":"1","profile":"p","text":"a"})", "profile_without_all",
     "profile"},
    {"exclude a string", R"({"all":true,"text":"a","exclude":"1"})", "wrong_type", "exclude"},
    {"exclude too many", R"({"all":true,"text":"a","exclude":["1","2","3","4"]})", "too_many",
     "exclude"},

    {"text a number", R"({"uid":"1","text":1})", "wrong_type", "text"},
    {"binary no base64", R"({"uid":"1","binary":"a"})", "invalid_base64", "binary"},
    {"binary with a space", R"({"uid":"1","binary":"AAA "})", "invalid_base64", "binary"},
    {"binary in URL form", R"({"uid":"1","binary":"__--"})", "invalid_base64", "binary"},
    {"binary without padding", R"({"uid":"1","binary":"AA"})", "invalid_base64", "binary"},
    {"binary not canonical", R"({"uid":"1","binary":"AB=="})", "invalid_base64", "binary"},
    {"binary null", R"({"uid":"1","binary":null})", "wrong_type", "binary"},

    {"data malformed literal", R"({"uid":"1","data":nul})", "invalid_json", "data"},
    {"data malformed literal within", R"({"uid":"1","data":[truth]})", "invalid_json", "data"},
    {"data missing", R"({"uid":"1","data":})", "invalid_json", "data"},
    {"data leading zero", R"({"uid":"1","data":01})", "invalid_json", "data"},
    {"data minus alone", R"({"uid":"1","data":[-]})", "invalid_json", "data"},
    {"data point alone", R"({"uid":"1","data":{"a":1.}})", "invalid_json", "data"},
    {"data plus", R"({"uid":"1","data":+1})", "invalid_json", "data"},
    {"data exponent", R"({"uid":"1","data":1e})", "invalid_json", "data"},
    {"data NaN", R"({"uid":"1","data":NaN})", "invalid_json", "data"},
    {"data bad escape", R"({"uid":"1","data":{"a":"\q"}})", "invalid_json", "data"},
    {"data bad escape in a key", R"({"uid":"1","data":{"\q":1}})", "invalid_json", "data"},
    {"data comma at the end", R"({"uid":"1","data":[1,]})", "invalid_json", "data"},
    {"data only a comma", R"({"uid":"1","data":[,]})", "invalid_json", "data"},
    {"data no comma", R"({"uid":"1","data":[1 2]})", "invalid_json", "data"},
    {"data two values", R"({"uid":"1","data":1 2})", "invalid_json", ""},
    {"data key without value", R"({"uid":"1","data":{"a"}})", "invalid_json", "data"},
    {"data colon twice", R"({"uid":"1","data":{"a":"b":"c"}})", "invalid_json", "data"},
    {"data wrong bracket", R"({"uid":"1","data":[1}})", "invalid_json", "data"},

    {"ttl negative", R"({"uid":"1","text":"a","ttl_ms":-1})", "out_of_range", "ttl_ms"},
    {"ttl above", R"({"uid":"1","text":"a","ttl_ms":4294967296})", "out_of_range", "ttl_ms"},
    {"ttl far above", R"({"uid":"1","text":"a","ttl_ms":99999999999999999999})", "out_of_range",
     "ttl_ms"},
    {"ttl a fraction", R"({"uid":"1","text":"a","ttl_ms":1.5})", "wrong_type", "ttl_ms"},
    {"ttl with exponent", R"({"uid":"1","text":"a","ttl_ms":1e3})", "wrong_type", "ttl_ms"},
    {"ttl a string", R"({"uid":"1","text":"a","ttl_ms":"1"})", "wrong_type", "ttl_ms"},
    {"ttl malformed", R"({"uid":"1","text":"a","ttl_ms":1x})", "wrong_type", "ttl_ms"},
    {"timeout above", R"({"uid":"1","text":"a","timeout_ms":1001})", "out_of_range", "timeout_ms"},
    {"policy unknown", R"({"uid":"1","text":"a","policy":"drop"})", "invalid_value", "policy"},
    {"policy empty", R"({"uid":"1","text":"a","policy":""})", "invalid_value", "policy"},
    {"policy null", R"({"uid":"1","text":"a","policy":null})", "wrong_type", "policy"},
    {"conflate without key", R"({"uid":"1","text":"a","policy":"conflate"})",
     "missing_conflate_key", "policy"},
    {"conflate_key empty", R"({"uid":"1","text":"a","conflate_key":""})", "empty_value",
     "conflate_key"},
    {"class unknown", R"({"uid":"1","text":"a","class":"dead"})", "invalid_value", "class"},
    {"wait unknown", R"({"uid":"1","text":"a","wait":"all"})", "invalid_value", "wait"},
    {"wait true", R"({"uid":"1","text":"a","wait":true})", "wrong_type", "wait"},
    {"idempotency_key empty", R"({"uid":"1","text":"a","idempotency_key":""})", "empty_value",
     "idempotency_key"},
};

TEST(PushParser, RefusesEveryFault) {
  for (const ErrorRow& row : kErrors) {
    for (const char filler : {'}', ']', ',', '"', ' ', '1', '\0'}) {
      const push::PushError error = error_of(row.json, filler);
      EXPECT_EQ(error.code, row.code) << row.rule << ", then " << filler << ": " << error.message;
      EXPECT_EQ(error.path, row.path) << row.rule << ", then " << filler;
      EXPECT_NE(error.message, "") << row.rule;
    }
  }
}

TEST(PushParser, DataThatTakesTheRequestsBraceIsRefused) {
  for (const char filler : {'}', ']', ',', '"', ' ', '\0'}) {
    EXPECT_EQ(error_of(R"({"uid":"1","data":{"a":1})", filler).code, "invalid_json") << filler;
    EXPECT_EQ(error_of(R"({"uid":"1","data":[{"a":1})", filler).code, "invalid_json") << filler;
    EXPECT_EQ(error_of(R"({"uid":"1","data":[1})", filler).code, "invalid_json") << filler;
  }
}

TEST(PushParser, SaysWhatWouldBeRight) {
  EXPECT_EQ(error_of(R"({"uid":"1","text":"","policy":"x"})").message,
            R"(must be one of "queue", "conflate", "drop_oldest", "drop_newest", "close")");
  EXPECT_EQ(error_of(R"({"uid":"1","text":"","wait":"x"})").message,
            R"(must be one of "none", "queued", "written", "acked")");
  EXPECT_EQ(error_of(R"({"uid":"1","text":"","timeout_ms":1001})").message,
            "must be an integer from 0 to 1000");
  EXPECT_EQ(error_of(R"({"uid":"123456789","text":""})").message, "must be at most 8 bytes long");
}

TEST(PushParser, ReadsTheSmallestPush) {
  const Parsed request(R"({"uid":"42","text":"Hello World"})");
  EXPECT_THAT(request->uids, ElementsAre("42"));
  EXPECT_THAT(request->channels, ElementsAre());
  EXPECT_EQ(request->kind, push::PayloadKind::kText);
  EXPECT_EQ(request->payload, "Hello World");
  EXPECT_EQ(request->policy, push::Policy::kQueue);
  EXPECT_EQ(request->storage, push::StorageClass::kStored);
  EXPECT_EQ(request->wait, push::Wait::kQueued);
  EXPECT_FALSE(request->ttl_ms);
  EXPECT_FALSE(request->timeout_ms);
}

TEST(PushParser, ReadsEveryMember) {
  const Parsed request(R"( { "channels" : [ "a" , "b" ] , "binary" : "AAEC/w==" ,
      "ttl_ms":4294967295, "conflate_key":"k", "policy":"drop_oldest", "class":"live",
      "exclude":["x","y"], "idempotency_key":"i", "wait":"acked", "timeout_ms":1000 } )");
  EXPECT_THAT(request->channels, ElementsAre("a", "b"));
  EXPECT_EQ(request->kind, push::PayloadKind::kBinary);
  EXPECT_EQ(request->payload, std::string_view("\x00\x01\x02\xFF", 4));
  EXPECT_EQ(request->ttl_ms, 4294967295);
  EXPECT_EQ(request->conflate_key, "k");
  EXPECT_EQ(request->policy, push::Policy::kDropOldest);
  EXPECT_EQ(request->storage, push::StorageClass::kLive);
  EXPECT_THAT(request->exclude, ElementsAre("x", "y"));
  EXPECT_EQ(request->idempotency_key, "i");
  EXPECT_EQ(request->wait, push::Wait::kAcked);
  EXPECT_EQ(request->timeout_ms, 1'000);
}

TEST(PushParser, ReadsEveryTarget) {
  EXPECT_THAT(Parsed(R"({"uids":["1","2","3"],"text":""})")->uids, ElementsAre("1", "2", "3"));
  EXPECT_THAT(Parsed(R"({"channel":"1234567890","text":""})")->channels, ElementsAre("1234567890"));
  EXPECT_EQ(Parsed(R"({"connection":"abc","text":""})")->connection, "abc");
  EXPECT_TRUE(Parsed(R"({"all":true,"text":""})")->all);
  EXPECT_EQ(Parsed(R"({"text":"","profile":"chat","all":true})")->profile, "chat");
}

TEST(PushParser, AKeyWithoutPolicyConflates) {
  const Parsed request(R"({"uid":"1","text":"","conflate_key":"k"})");
  EXPECT_EQ(request->policy, push::Policy::kConflate);
}

TEST(PushParser, UnescapesStrings) {
  const Parsed request(R"({"uid":"a\tb","text":"\u00e9\ud83d\ude00\"\\\/\n"})");
  EXPECT_THAT(request->uids, ElementsAre("a\tb"));
  EXPECT_EQ(request->payload, "\xC3\xA9\xF0\x9F\x98\x80\"\\/\n");
}

TEST(PushParser, PassesDataOnAsItWasGiven) {
  for (const std::string_view data :
       {"1", "-0.5e+10", "123456789012345678901234567890", "true", "false", "null", R"("")",
        R"("a b ")", R"("\ud800")", R"("\u0000\"")", "{}", "[]", "[ ]", R"({ "a" : [ 1 , 2 ] })",
        R"({"a":{"b":{"c":[[[]]]}},"a":"twice"})", R"([{"a":"\n"},"]",{"}":"{"}])", R"({"":""})",
        "{\"\xC3\xA9\":\"\xF0\x9F\x98\x80\"}"}) {
    for (const std::string_view space : {"", " ", " \t\r\n "}) {
      std::string json = R"({"uid":"1","data":)";
      json.append(space).append(data).append(space).append("}");
      const Parsed last(json);
      EXPECT_EQ(last->kind, push::PayloadKind::kJson);
      EXPECT_EQ(last->payload, data);
      json = "{\"data\":";
      json.append(space).append(data).append(space).append(R"(,"uid":"1"})");
      EXPECT_EQ(Parsed(json)->payload, data);
    }
  }
}

TEST(PushParser, BoundsDepth) {
  const auto nested = [](std::size_t depth) {
    return R"({"uid":"1","data":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(error_of(nested(push::kDepthMax)).code, "accepted");
  EXPECT_EQ(error_of(nested(push::kDepthMax + 1)).code, "too_deep");
  EXPECT_EQ(error_of(nested(push::kDepthMax + 1)).path, "data");
  EXPECT_EQ(error_of(nested(1'000'000)).code, "too_deep");
}

TEST(PushParser, EveryPrefixIsRefused) {
  const std::string json =
      R"({"uids":["1","2"],"data":{"a":[1,{"b":"c\n"}],"d":null},"ttl_ms":5,"policy":"close"})";
  for (std::size_t size = 0; size < json.size(); ++size) {
    for (const char filler : {'}', ']', '"'}) {
      EXPECT_NE(error_of(std::string_view(json).substr(0, size), filler).code, "accepted") << size;
    }
  }
  EXPECT_EQ(error_of(json).code, "accepted");
}

TEST(PushParser, LeavesNothingBehindForTheNextRequest) {
  PushParser parser;
  PushRequest request;
  std::string first =
      R"({"channels":["a"],"binary":"AAAA","ttl_ms":1,"conflate_key":"k","policy":"close",
          "class":"live","exclude":["x"],"idempotency_key":"i","wait":"acked","timeout_ms":1})";
  std::string second = R"({"uid":"1","text":"a"})";
  ASSERT_TRUE(parser.parse(PaddedText::of(first), kLimits, request));
  ASSERT_TRUE(parser.parse(PaddedText::of(second), kLimits, request));
  EXPECT_TRUE(request.channels.empty());
  EXPECT_TRUE(request.exclude.empty());
  EXPECT_EQ(request.payload, "a");
  EXPECT_FALSE(request.ttl_ms);
  EXPECT_FALSE(request.timeout_ms);
  EXPECT_EQ(request.conflate_key, "");
  EXPECT_EQ(request.idempotency_key, "");
  EXPECT_EQ(request.policy, push::Policy::kQueue);
  EXPECT_EQ(request.wait, push::Wait::kQueued);
  EXPECT_EQ(request.storage, push::StorageClass::kStored);
}

TEST(PushParser, LargeRequestsComeAndGo) {
  PushParser parser;
  PushRequest request;
  for (const std::size_t size : {100U, 3'000'000U, 20U, 400'000U, 8'000'000U, 1U}) {
    std::string json = R"({"uid":"1","text":")" + std::string(size, 'x') + "\"}";
    ASSERT_TRUE(parser.parse(PaddedText::of(json), kLimits, request));
    EXPECT_EQ(request.payload.size(), size);
    for (int i = 0; i < 300; ++i) {
      std::string small = R"({"uid":"1","text":"a\n"})";
      ASSERT_TRUE(parser.parse(PaddedText::of(small), kLimits, request));
      EXPECT_EQ(request.payload, "a\n");
    }
  }
}

TEST(PushParser, GivesBackWhatOnlyALargeRequestNeeded) {
  PushParser parser;
  PushRequest request;
  const auto parse = [&](std::size_t size, std::string_view member) {
    std::string json =
        R"({"uid":"1",")" + std::string(member) + R"(":")" + std::string(size, 'A') + "\"}";
    ASSERT_TRUE(parser.parse(PaddedText::of(json), kLimits, request));
  };
  EXPECT_EQ(parser.memory_size(), 0U);
  parse(100, "text");
  const std::size_t small = parser.memory_size();
  EXPECT_GT(small, 0U);
  EXPECT_LT(small, 200'000U);
  for (const std::string_view member : {"text", "binary"}) {
    parse(4 << 20, member);
    EXPECT_GT(parser.memory_size(), std::size_t{20 << 20});
    EXPECT_LT(parser.memory_size(), std::size_t{30 << 20});  // Not twice what it needs.
    parse(100, "text");
    parser.rest();  // There was one just now.
    EXPECT_GT(parser.memory_size(), std::size_t{20 << 20});
    parse(100, "text");
    EXPECT_EQ(request.payload.size(), 100U);
    parser.rest();
    EXPECT_LE(parser.memory_size(), small);
  }
  parser.let_go();
  EXPECT_EQ(parser.memory_size(), 0U);
  parse(100, "text");
  EXPECT_EQ(request.payload.size(), 100U);
  parser.rest();
  parser.rest();
  EXPECT_LE(parser.memory_size(), small);
}

}  // namespace
