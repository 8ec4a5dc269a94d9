#include <fmt/format.h>

#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

constexpr std::int64_t kSeconds = kNow / 1'000;

struct Row {
  std::string_view claims;  // NOW is the present second; NOW+5 and the like are computed.
  std::string_view outcome;
  void (*change)(Rules&) = [](Rules&) {};
};

std::string filled_in(std::string_view claims) {
  std::string text;
  for (std::size_t i = 0; i < claims.size();) {
    if (claims.substr(i, 3) != "NOW") {
      text.push_back(claims[i++]);
      continue;
    }
    i += 3;
    std::int64_t offset = 0;
    if (i < claims.size() && (claims[i] == '+' || claims[i] == '-')) {
      std::size_t used = 0;
      offset = std::stoll(std::string(claims.substr(i)), &used);
      i += used;
    }
    text += std::to_string(kSeconds + offset);
  }
  return text;
}

const Row kRows[] = {
    {R"({"sub":"42","exp":NOW+60})", "uid 42"},
    {R"({"exp":NOW+60.5,"x":[{}],"sub":"ü"})", "uid ü"},

    // 4.1.4 with the leeway of 10 s: the last moment, and the first that is too late.
    {R"({"sub":"42","exp":NOW-9})", "uid 42"},
    {R"({"sub":"42","exp":NOW-9.999})", "uid 42"},
    {R"({"sub":"42","exp":NOW-10})", "expired"},
    {R"({"sub":"42","exp":NOW})", "expired", [](Rules& r) { r.leeway_ms = 0; }},
    {R"({"sub":"42","exp":NOW+1})", "uid 42", [](Rules& r) { r.leeway_ms = 0; }},
    {R"({"sub":"42","exp":0})", "expired"},
    {R"({"sub":"42"})", "no_expiry"},
    {R"({"sub":"42"})", "uid 42", [](Rules& r) { r.require_exp = false; }},
    {R"({"sub":"42","exp":NOW-10})", "expired", [](Rules& r) { r.require_exp = false; }},
    {R"({"sub":"42","exp":"NOW+60"})", "claims"},
    {R"({"sub":"42","exp":null})", "claims"},
    {R"({"sub":"42","exp":true})", "claims"},
    {R"({"sub":"42","exp":[NOW+60]})", "claims"},
    {R"({"sub":"42","exp":-1})", "claims"},
    {R"({"sub":"42","exp":1e300})", "claims"},
    {R"({"sub":"42","exp":253402300799})", "uid 42"},
    {R"({"sub":"42","exp":253402300800})", "claims"},
    {R"({"sub":"42","exp":99999999999999999999999})", "malformed"},  // No 64 bits hold it.

    // 4.1.5 and 4.1.6.
    {R"({"sub":"42","exp":NOW+60,"nbf":NOW+10})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"nbf":NOW+10.001})", "not_yet_valid"},
    {R"({"sub":"42","exp":NOW+60,"nbf":NOW+11})", "not_yet_valid"},
    {R"({"sub":"42","exp":NOW+60,"nbf":NOW})", "uid 42", [](Rules& r) { r.leeway_ms = 0; }},
    {R"({"sub":"42","exp":NOW+60,"nbf":"NOW"})", "claims"},
    {R"({"sub":"42","exp":NOW+60,"iat":NOW+10})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"iat":NOW+11})", "issued_in_future"},
    {R"({"sub":"42","exp":NOW+60,"iat":{}})", "claims"},

    // 4.1.1.
    {R"({"sub":"42","exp":NOW+60,"iss":"a"})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"iss":7})", "claims"},
    {R"({"sub":"42","exp":NOW+60,"iss":"b"})", "uid 42", [](Rules& r) { r.issuers = {"a", "b"}; }},
    {R"({"sub":"42","exp":NOW+60,"iss":"B"})", "issuer", [](Rules& r) { r.issuers = {"a", "b"}; }},
    {R"({"sub":"42","exp":NOW+60})", "issuer", [](Rules& r) { r.issuers = {"a"}; }},

    // 4.1.3: who has no name is not meant by a token that names somebody.
    {R"({"sub":"42","exp":NOW+60,"aud":"a"})", "audience"},
    {R"({"sub":"42","exp":NOW+60,"aud":[]})", "audience"},
    {R"({"sub":"42","exp":NOW+60})", "audience", [](Rules& r) { r.audiences = {"a"}; }},
    {R"({"sub":"42","exp":NOW+60,"aud":"a"})", "uid 42", [](Rules& r) { r.audiences = {"a"}; }},
    {R"({"sub":"42","exp":NOW+60,"aud":"A"})", "audience", [](Rules& r) { r.audiences = {"a"}; }},
    {R"({"sub":"42","exp":NOW+60,"aud":["x","a"]})", "uid 42",
     [](Rules& r) { r.audiences = {"a"}; }},
    {R"({"sub":"42","exp":NOW+60,"aud":["a",1]})", "claims", [](Rules& r) { r.audiences = {"a"}; }},
    {R"({"sub":"42","exp":NOW+60,"aud":1})", "claims", [](Rules& r) { r.audiences = {"a"}; }},

    // The uid.
    {R"({"exp":NOW+60})", "uid"},
    {R"({"sub":"","exp":NOW+60})", "uid"},
    {R"({"sub":42,"exp":NOW+60})", "uid"},
    {R"({"sub":"12345","exp":NOW+60})", "uid", [](Rules& r) { r.uid_size_max = 4; }},
    {R"({"sub":"x","uid":"42","exp":NOW+60})", "uid 42", [](Rules& r) { r.uid_claim = "uid"; }},
    {R"({"uid":42,"exp":NOW+60})", "uid 42", [](Rules& r) { r.uid_claim = "uid"; }},
    {R"({"uid":4.5,"exp":NOW+60})", "uid", [](Rules& r) { r.uid_claim = "uid"; }},
    {R"({"uid":-4,"exp":NOW+60})", "uid", [](Rules& r) { r.uid_claim = "uid"; }},
    {R"({"uid":null,"exp":NOW+60})", "uid", [](Rules& r) { r.uid_claim = "uid"; }},

    // What the bearer may do.
    {R"({"sub":"42","exp":NOW+60,"channels":[],"subscribe":[],"limits":{}})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"channels":["news.*","*","a"]})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"channels":["a*b"]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":["**"]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":[""]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":["a\u0000"]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":["a\n"]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":"a"})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":[1]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"channels":["12345"]})", "permissions",
     [](Rules& r) { r.channel_size_max = 4; }},
    {R"({"sub":"42","exp":NOW+60,"subscribe":["a"]})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"subscribe":[[]]})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"limits":{"connections":1,"message_size":9}})", "uid 42"},
    {R"({"sub":"42","exp":NOW+60,"limits":{"connections":0}})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"limits":{"connections":1.0}})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"limits":{"connections":4294967296}})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"limits":{"connections":1,"connections":2}})", "permissions"},
    {R"({"sub":"42","exp":NOW+60,"limits":[]})", "permissions"},

    // 4 and 7.2: one object, whose names are different.
    {"", "malformed"},
    {"{}", "no_expiry"},
    {"[]", "malformed"},
    {R"("42")", "malformed"},
    {R"({"sub":"42","exp":NOW+60}{})", "malformed"},
    {R"({"sub":"42","exp":NOW+60)", "malformed"},
    {R"({"sub":"42","sub":"1","exp":NOW+60})", "malformed"},
    {R"({"sub":"42","s\u0075b":"1","exp":NOW+60})", "malformed"},
    {R"({"sub":"42","exp":NOW+60,"exp":NOW+60})", "malformed"},
    {"{\"sub\":\"\xff\",\"exp\":NOW+60}", "malformed"},
};

TEST(Claims, AreWhatRfc7519Says) {
  for (const Row& row : kRows) {
    Rules rules;
    row.change(rules);
    EXPECT_EQ(outcome(check_claims(filled_in(row.claims), rules, kNow)), row.outcome) << row.claims;
  }
}

TEST(Claims, AreBounded) {
  const auto with = [](const std::string& more) {
    return filled_in(R"({"sub":"42","exp":NOW+60,)") + more + "}";
  };
  std::string deep(50, '[');
  deep.append(50, ']');
  EXPECT_EQ(outcome(check_claims(with("\"x\":" + deep), {}, kNow)), "malformed");
  std::string members;
  for (int i = 0; i < 300; ++i) members += fmt::format("{}\"m{}\":{}", i == 0 ? "" : ",", i, i);
  EXPECT_EQ(outcome(check_claims(with(members), {}, kNow)), "malformed");
  const auto channels = [&](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += fmt::format("{}\"c{}\"", i == 0 ? "" : ",", i);
    return with("\"subscribe\":[" + list + "]");
  };
  EXPECT_EQ(outcome(check_claims(channels(kChannelsMax), {}, kNow)), "uid 42");
  EXPECT_EQ(outcome(check_claims(channels(kChannelsMax + 1), {}, kNow)), "permissions");
}

TEST(Claims, GiveWhatTheySay) {
  const auto identity = check_claims(
      filled_in(R"({"sub":"42","exp":NOW+60.25,"channels":["a*"],"subscribe":["b","c"],)"
                R"("limits":{"connections":2,"subscriptions":3,"message_size":4,"new":true}})"),
      {}, kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->expires_ms, kNow + 60'250 + 10'000);
  EXPECT_EQ(identity->permissions.channels, std::vector<std::string>{"a*"});
  EXPECT_EQ(identity->subscribe, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(identity->permissions.connections_max, 2U);
  EXPECT_EQ(identity->permissions.subscriptions_max, 3U);
  EXPECT_EQ(identity->permissions.message_size_max, 4U);
  Rules rules;
  rules.require_exp = false;
  const auto endless = check_claims(R"({"sub":"42"})", rules, kNow);
  ASSERT_TRUE(endless);
  EXPECT_EQ(endless->expires_ms, 0);
  EXPECT_EQ(endless->permissions.channels, std::nullopt);
}

TEST(Claims, PatternsMatchAsThoseOfProfiles) {
  EXPECT_TRUE(matches({"news.*"}, "news."));
  EXPECT_TRUE(matches({"x", "news.*"}, "news.a"));
  EXPECT_FALSE(matches({"news.*"}, "news"));
  EXPECT_FALSE(matches({"news"}, "news.a"));
  EXPECT_TRUE(matches({"*"}, ""));
  EXPECT_FALSE(matches({}, "news"));
}

}  // namespace
}  // namespace auth
