#include "proto/push/client_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using push::ClientLimits;
using push::ClientMessageParser;
using push::PaddedText;

constexpr ClientLimits kLimits{.uid_size_max = 4, .channel_size_max = 6};

// One line that says what a message was understood as.
std::string understood(std::string_view text) {
  ClientMessageParser parser;
  std::string json(text);
  const auto parsed = parser.parse(PaddedText::of(json), kLimits);
  std::string line;
  if (!parsed) {
    const push::ProtocolError& error = parsed.error();
    line.append("error ").append(error.code);
    if (error.id.has_value()) line.append(" id=").append(std::to_string(*error.id));
  } else if (const auto* login = std::get_if<push::Login>(&*parsed)) {
    line.append("login ")
        .append(std::to_string(login->id))
        .append(" ")
        .append(login->credentials.uid);
    if (!login->credentials.token.empty()) line.append("token ").append(login->credentials.token);
  } else if (const auto* refresh = std::get_if<push::Refresh>(&*parsed)) {
    line.append("refresh ").append(std::to_string(refresh->id)).append(" ").append(refresh->token);
  } else if (const auto* subscribe = std::get_if<push::Subscribe>(&*parsed)) {
    line.append("subscribe ").append(std::to_string(subscribe->id));
    line.append(" ").append(subscribe->channel);
    if (subscribe->recover) {
      line.append(" ").append(subscribe->recover->epoch).append("@");
      line.append(std::to_string(subscribe->recover->offset));
    }
  } else if (const auto* unsubscribe = std::get_if<push::Unsubscribe>(&*parsed)) {
    line.append("unsubscribe ").append(std::to_string(unsubscribe->id));
    line.append(" ").append(unsubscribe->channel);
  } else if (const auto* ping = std::get_if<push::Ping>(&*parsed)) {
    line.append("ping ").append(std::to_string(ping->id));
  } else if (const auto* ack = std::get_if<push::Ack>(&*parsed)) {
    line.append("ack ").append(ack->message);
  }
  return line;
}

struct Row {
  std::string_view json;
  std::string_view line;
};

constexpr Row kRows[] = {
    {R"({"id":1,"login":{"uid":"u1"}})", "login 1 u1"},
    {R"({"login":{"x":[1],"uid":"u1"},"id":1,"more":{"a":[{}]}})", "login 1 u1"},
    {R"({"id":18446744073709551615,"login":{"uid":"1234"}})", "login 18446744073709551615 1234"},
    {R"({"id":1,"login":{"token":"a.b.c"}})", "login 1 token a.b.c"},
    {R"({"id":1,"login":{"token":"a.b.c","uid":"u1"}})", "login 1 u1token a.b.c"},
    {R"({"id":1,"login":{"token":""}})", "error invalid_token id=1"},
    {R"({"id":1,"login":{"token":7}})", "error invalid_token id=1"},
    {R"({"id":5,"refresh":{"token":"a.b.c"}})", "refresh 5 a.b.c"},
    {R"({"id":5,"refresh":{"uid":"u1"}})", "error invalid_token id=5"},
    {R"({"id":5,"refresh":"a.b.c"})", "error invalid_request id=5"},
    {R"({"refresh":{"token":"a.b.c"}})", "error missing_id"},
    {R"({"id":2,"subscribe":{"channel":"news"}})", "subscribe 2 news"},
    {R"({"id":2,"subscribe":{"channel":"news","recover":{"epoch":"x7","offset":14}}})",
     "subscribe 2 news x7@14"},
    {R"({"subscribe":{"recover":{"offset":0,"epoch":"x7"},"channel":"a"},"id":2})",
     "subscribe 2 a x7@0"},
    {R"({"id":3,"unsubscribe":{"channel":"news"}})", "unsubscribe 3 news"},
    {R"({"id":4,"ping":{}})", "ping 4"},
    {R"({"ack":"0123456789abcdef"})", "ack 0123456789abcdef"},

    {"", "error invalid_json"},
    {"hello", "error invalid_json"},
    {"[]", "error invalid_json"},
    {"{}", "error unknown_request"},
    {R"({"id":1})", "error unknown_request id=1"},
    {R"({"id":1,"publish":{"channel":"news"}})", "error unknown_request id=1"},
    {R"({"id":1,"ping":{},"login":{"uid":"u"}})", "error several_requests id=1"},
    {R"({"ping":{}})", "error missing_id"},
    {R"({"id":0,"ping":{}})", "error missing_id"},
    {R"({"id":-1,"ping":{}})", "error missing_id"},
    {R"({"id":"1","ping":{}})", "error missing_id"},
    {R"({"id":1.5,"ping":{}})", "error missing_id"},
    {R"({"id":1,"ping":1})", "error invalid_request id=1"},
    {R"({"id":1,"login":"u"})", "error invalid_request id=1"},
    {R"({"id":1,"login":{}})", "error invalid_uid id=1"},
    {R"({"id":1,"login":{"uid":""}})", "error invalid_uid id=1"},
    {R"({"id":1,"login":{"uid":7}})", "error invalid_uid id=1"},
    {R"({"id":1,"login":{"uid":{"a":[]}}})", "error invalid_uid id=1"},
    {R"({"login":{"uid":"12345"},"id":1})", "error invalid_uid id=1"},
    {R"({"id":1,"subscribe":{}})", "error invalid_channel id=1"},
    {R"({"id":1,"subscribe":{"channel":"1234567"}})", "error invalid_channel id=1"},
    {R"({"id":1,"subscribe":{"channel":null}})", "error invalid_channel id=1"},
    {R"({"id":1,"subscribe":{"channel":"a","recover":7}})", "error invalid_recover id=1"},
    {R"({"id":1,"subscribe":{"channel":"a","recover":{"epoch":"x"}}})",
     "error invalid_recover id=1"},
    {R"({"id":1,"subscribe":{"channel":"a","recover":{"epoch":"x","offset":-1}}})",
     "error invalid_recover id=1"},
    {R"({"id":1,"subscribe":{"channel":"a","recover":{"epoch":"x","offset":"1"}}})",
     "error invalid_recover id=1"},
    {R"({"ack":7})", "error invalid_ack"},
    {R"({"ack":""})", "error invalid_ack"},
    {R"({"id":1,"ping":{}}x)", "error invalid_json"},
    {R"({"id":1,"ping":{})", "error invalid_json id=1"},
    {R"({"id":1,"ping":{"a":nul}})", "error invalid_json id=1"},
    {R"({"id":01,"ping":{}})", "error invalid_json"},
    {R"({"id":1,"ping":{},"\x":1})", "error invalid_json id=1"},
    {"{\"id\":1,\"login\":{\"uid\":\"\xFF\"}}", "error invalid_utf8"},
};

TEST(ClientProtocol, UnderstandsClients) {
  for (const Row& row : kRows) EXPECT_EQ(understood(row.json), row.line) << row.json;
}

TEST(ClientProtocol, IgnoredMembersMustNotBeDeep) {
  const std::string deep =
      R"({"id":1,"ping":{},"x":)" + std::string(50, '[') + std::string(50, ']') + "}";
  EXPECT_EQ(understood(deep), "error invalid_json id=1");
}

TEST(ClientProtocol, BareLogin) {
  ClientMessageParser parser;
  std::string plain = R"({"uid":"123"})";
  EXPECT_EQ(parser.parse_bare_login(PaddedText::of(plain), kLimits)->uid, "123");
  std::string more = R"( {"version":1,"uid":"a\n","x":{"uid":"no"}} )";
  EXPECT_EQ(parser.parse_bare_login(PaddedText::of(more), kLimits)->uid, "a\n");
  std::string token = R"({"token":"a.b.c"})";
  EXPECT_EQ(parser.parse_bare_login(PaddedText::of(token), kLimits)->token, "a.b.c");
  std::string both = R"({"token":7,"uid":"1"})";
  EXPECT_EQ(parser.parse_bare_login(PaddedText::of(both), kLimits)->uid, "1");
  std::string wrong = R"({"token":7})";
  EXPECT_EQ(parser.parse_bare_login(PaddedText::of(wrong), kLimits).error().code, "invalid_token");
  for (const std::string_view bad : {"", "{}", "123", R"("123")", R"({"uid":123})", R"({"uid":""})",
                                     R"({"uid":"12345"})", R"({"uid":"1")", R"({"uid":"1"}})"}) {
    std::string json(bad);
    EXPECT_FALSE(parser.parse_bare_login(PaddedText::of(json), kLimits)) << bad;
  }
}

template <typename Append>
std::string written(Append append) {
  std::string out;
  append(out);
  return out;
}

TEST(ClientProtocol, WritesAnswersAndPushes) {
  using std::string;
  EXPECT_EQ(written([](string& out) { push::append_login(out, 1, {"u\"1", "c0", {}}); }),
            R"({"id":1,"login":{"uid":"u\"1","connection":"c0"}})");
  EXPECT_EQ(written([](string& out) {
              push::append_subscribed(
                  out, 2, {.channel = "news", .epoch = "x7", .offset = 17, .recovered = true});
            }),
            R"({"id":2,"subscribe":{"channel":"news","epoch":"x7","offset":17,"recovered":true}})");
  EXPECT_EQ(written([](string& out) {
              push::append_subscribed(out, 2, {.channel = "news", .epoch = "x7", .offset = 17});
            }),
            R"({"id":2,"subscribe":{"channel":"news","epoch":"x7","offset":17}})");
  EXPECT_EQ(written([](string& out) { push::append_unsubscribed(out, std::nullopt, "news"); }),
            R"({"unsubscribe":{"channel":"news"}})");
  EXPECT_EQ(written([](string& out) { push::append_unsubscribed(out, 3, "news"); }),
            R"({"id":3,"unsubscribe":{"channel":"news"}})");
  EXPECT_EQ(written([](string& out) { push::append_pong(out, 4); }), R"({"id":4,"ping":{}})");
  EXPECT_EQ(written([](string& out) { push::append_error(out, {"code", "text", 2}); }),
            R"({"id":2,"error":{"code":"code","message":"text"}})");
  EXPECT_EQ(written([](string& out) { push::append_error(out, {"code", "text", {}}); }),
            R"({"error":{"code":"code","message":"text"}})");
  EXPECT_EQ(written([](string& out) { push::append_missed(out, 3); }), R"({"missed":{"count":3}})");
  EXPECT_EQ(written([](string& out) { push::append_reconnect(out, 1200); }),
            R"({"reconnect":{"delay_ms":1200}})");
}

TEST(ClientProtocol, WritesEveryPayloadKind) {
  const auto pushed = [](const push::Pushed& what) {
    return written([&](std::string& out) { push::append_push(out, what); });
  };
  EXPECT_EQ(pushed({.message = "m",
                    .channel = "news",
                    .offset = 18,
                    .kind = push::PayloadKind::kJson,
                    .payload = R"({"a":1})"}),
            R"({"push":{"message":"m","channel":"news","offset":18,"data":{"a":1}}})");
  EXPECT_EQ(pushed({.message = "m", .payload = "a\nb"}),
            R"({"push":{"message":"m","text":"a\nb"}})");
  EXPECT_EQ(pushed({.message = "m", .kind = push::PayloadKind::kBinary, .payload = "foo"}),
            R"({"push":{"message":"m","binary":"Zm9v"}})");
}

}  // namespace
