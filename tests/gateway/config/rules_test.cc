#include "gateway/config/rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/config/loader.h"

namespace config {
namespace {

// A sound configuration with one profile, "p".
Config sound() {
  Config config;
  config.profiles.push_back({.name = "p", .path = "/p"});
  return config;
}

struct Row {
  std::string_view rule;
  void (*change)(Config&, Profile&);
  std::string_view key;  // Of the contradiction expected; empty: none.
};

constexpr char kKey[] = "0123456789abcdef";

const Row kContradictions[] = {
    {"defaults", [](Config&, Profile&) {}, ""},
    {"public API without keys", [](Config& c, Profile&) { c.api.listen = "10.0.0.1:81"; },
     "api.listen"},
    {"API on every address without keys", [](Config& c, Profile&) { c.api.listen = "[::]:81"; },
     "api.listen"},
    {"public API with a key",
     [](Config& c, Profile&) {
       c.api.listen = "10.0.0.1:81";
       c.api.keys = {kKey};
     },
     ""},
    {"IPv6 loopback without keys", [](Config& c, Profile&) { c.api.listen = "[::1]:81"; }, ""},
    {"one address twice", [](Config& c, Profile&) { c.api.listen = c.public_.listen; },
     "api.listen"},
    {"one port, one of them everywhere",
     [](Config& c, Profile&) { c.public_.listen = "0.0.0.0:8081"; }, "api.listen"},
    {"one port on two addresses", [](Config& c, Profile&) { c.public_.listen = "10.0.0.1:8081"; },
     ""},
    {"port 0 twice", [](Config& c, Profile&) { c.api.listen = c.public_.listen = "127.0.0.1:0"; },
     ""},
    {"wait above its maximum", [](Config& c, Profile&) { c.api.wait_timeout_ms = 60'001; },
     "api.wait_timeout_ms"},
    {"wait at its maximum", [](Config& c, Profile&) { c.api.wait_timeout_ms = 60'000; }, ""},
    {"ring of 4095", [](Config& c, Profile&) { c.hub.ring_size = 4'095; }, "hub.ring_size"},
    {"ring of 4097", [](Config& c, Profile&) { c.hub.ring_size = 4'097; }, "hub.ring_size"},
    {"ring of 8192", [](Config& c, Profile&) { c.hub.ring_size = 8'192; }, ""},
    {"history above the total", [](Config& c, Profile&) { c.hub.history_total_size = 1; },
     "hub.history_size"},
    {"the same without history",
     [](Config& c, Profile&) {
       c.hub.history_total_size = 1;
       c.hub.history_messages = 0;
     },
     ""},
    {"drain longer than its deadline", [](Config& c, Profile&) { c.drain.window_ms = 30'001; },
     "drain.window_ms"},
    {"drain as long as its deadline", [](Config& c, Profile&) { c.drain.window_ms = 30'000; }, ""},
    {"canary timeout below its interval", [](Config& c, Profile&) { c.canary.timeout_ms = 1'999; },
     "canary.timeout_ms"},
    {"no canary",
     [](Config& c, Profile&) {
       c.canary.timeout_ms = 10;
       c.canary.interval_ms = 0;
     },
     ""},
    {"no path", [](Config&, Profile& p) { p.path.clear(); }, "profiles.p.path"},
    {"a page's path", [](Config&, Profile& p) { p.path = "/chat.html"; }, "profiles.p.path"},
    {"a path twice", [](Config& c, Profile&) { c.profiles.push_back({.name = "q", .path = "/p"}); },
     "profiles.q.path"},
    {"broadcast without a room", [](Config&, Profile& p) { p.on_text = MessageAction::kBroadcast; },
     "profiles.p.room"},
    {"binary broadcast without a room",
     [](Config&, Profile& p) { p.on_binary = MessageAction::kBroadcast; }, "profiles.p.room"},
    {"broadcast to a room",
     [](Config&, Profile& p) {
       p.on_text = MessageAction::kBroadcast;
       p.room = "r";
     },
     ""},
    {"login by message, then echo",
     [](Config&, Profile& p) {
       p.identity = IdentitySource::kMessage;
       p.on_text = MessageAction::kEcho;
     },
     ""},
    {"ping in a protocol",
     [](Config&, Profile& p) {
       p.answer_ping = true;
       p.on_text = MessageAction::kProtocol;
     },
     "profiles.p.answer_ping"},
    {"ping in a room",
     [](Config&, Profile& p) {
       p.answer_ping = true;
       p.on_text = MessageAction::kBroadcast;
       p.room = "r";
     },
     "profiles.p.answer_ping"},
    {"tokens without keys", [](Config&, Profile& p) { p.auth = AuthMode::kToken; },
     "profiles.p.auth"},
    {"tokens with keys",
     [](Config& c, Profile& p) {
       p.auth = AuthMode::kToken;
       p.connections_per_uid_max = 1;
       c.auth.keys = {"k"};
     },
     ""},
    {"one parameter for two things",
     [](Config& c, Profile& p) {
       p.auth = AuthMode::kToken;
       p.gzip_param = "token";
       c.auth.keys = {"k"};
     },
     "profiles.p.gzip_param"},
    {"ping with discard", [](Config&, Profile& p) { p.answer_ping = true; }, ""},
    {"echo larger than the queue",
     [](Config&, Profile& p) {
       p.on_text = MessageAction::kEcho;
       p.queue_size_max = (1 << 20) - 1;
     },
     "profiles.p.queue_size_max"},
    {"small queue without echo", [](Config&, Profile& p) { p.queue_size_max = 1'024; }, ""},
    {"PROXY header that nobody may send",
     [](Config& c, Profile&) { c.public_.proxy_protocol = ProxyProtocol::kRequired; },
     "public.proxy_protocol"},
    {"no page of the API", [](Config& c, Profile&) { c.api.origins = {"same"}; }, "api.origins"},
    {"one parameter for two things",
     [](Config&, Profile& p) {
       p.identity = IdentitySource::kQuery;
       p.gzip_param = "uid";
     },
     "profiles.p.gzip_param"},
    {"room longer than a channel's name",
     [](Config&, Profile& p) { p.room = std::string(257, 'r'); }, "profiles.p.room"},
    {"room as long as a channel's name",
     [](Config&, Profile& p) { p.room = std::string(256, 'r'); }, ""},
    {"channel longer than allowed",
     [](Config&, Profile& p) { p.channels = {"a", std::string(257, 'c')}; }, "profiles.p.channels"},
    {"more channels than subscriptions",
     [](Config&, Profile& p) {
       p.channels = {"a", "b"};
       p.room = "r";
       p.subscriptions_max = 2;
     },
     "profiles.p.subscriptions_max"},
    {"as many channels as subscriptions",
     [](Config&, Profile& p) {
       p.channels = {"a", "b"};
       p.room = "r";
       p.subscriptions_max = 3;
     },
     ""},
    {"any origin and another", [](Config&, Profile& p) { p.origins = {"https://a.b", "any"}; },
     "profiles.p.origins"},
};

TEST(Rules, FindContradictions) {
  for (const Row& row : kContradictions) {
    Config config = sound();
    row.change(config, config.profiles[0]);
    const auto findings = find_contradictions(config, {"/", "/chat.html"});
    if (row.key.empty()) {
      EXPECT_TRUE(findings.empty()) << row.rule << ": " << findings.front().key;
      continue;
    }
    ASSERT_EQ(findings.size(), 1U) << row.rule;
    EXPECT_EQ(findings[0].key, row.key) << row.rule << ": " << findings[0].message;
  }
}

const Row kWarnings[] = {
    {"nobody notices dead clients", [](Config&, Profile& p) { p.ping_interval_ms = 0; },
     "profiles.p.ping_interval_ms"},
    {"idle timeout notices them",
     [](Config&, Profile& p) {
       p.ping_interval_ms = 0;
       p.idle_timeout_ms = 1'000;
     },
     ""},
    {"a room that nothing is sent to", [](Config&, Profile& p) { p.room = "r"; },
     "profiles.p.room"},
    {"normalizing what is not broadcast", [](Config&, Profile& p) { p.normalize_space = true; },
     "profiles.p.normalize_space"},
    {"subscribing without the protocol", [](Config&, Profile& p) { p.client_subscribe = true; },
     "profiles.p.client_subscribe"},
    {"subscribing to nothing",
     [](Config&, Profile& p) {
       p.client_subscribe = true;
       p.on_text = MessageAction::kProtocol;
       p.client_channels.clear();
     },
     "profiles.p.client_channels"},
    {"any page as anybody",
     [](Config&, Profile& p) {
       p.identity = IdentitySource::kQuery;
       p.origins = {"any"};
     },
     "profiles.p.origins"},
    {"our context without compression",
     [](Config&, Profile& p) { p.server_context_takeover = true; },
     "profiles.p.server_context_takeover"},
    {"the client's context without compression",
     [](Config&, Profile& p) { p.client_context_takeover = true; },
     "profiles.p.client_context_takeover"},
    {"compression of nothing",
     [](Config& c, Profile& p) {
       p.compression = CompressionMode::kOn;
       p.deflate_size_min = c.compression.size_max + 1;
     },
     "profiles.p.deflate_size_min"},
    {"compression of one size",
     [](Config& c, Profile& p) {
       p.compression = CompressionMode::kOn;
       p.server_context_takeover = true;
       p.deflate_size_min = c.compression.size_max;
     },
     ""},
    {"an open API", [](Config& c, Profile&) { c.api.keys.clear(); }, "api.keys"},
    {"anybody as anybody",
     [](Config& c, Profile& p) {
       c.public_.listen = "0.0.0.0:80";
       p.identity = IdentitySource::kMessage;
     },
     "profiles.p.auth"},
    {"anybody, without a uid", [](Config& c, Profile&) { c.public_.listen = "0.0.0.0:80"; }, ""},
    {"who has a token",
     [](Config& c, Profile& p) {
       c.public_.listen = "0.0.0.0:80";
       c.auth.keys = {"k"};
       p.identity = IdentitySource::kQuery;
       p.auth = AuthMode::kToken;
       p.origins = {"any"};
     },
     ""},
    {"keys for nobody", [](Config& c, Profile&) { c.auth.keys = {"k"}; }, "auth.keys"},
    {"tokens that fit no handshake",
     [](Config& c, Profile& p) {
       c.auth.keys = {"k"};
       c.auth.token_size_max = 16'384;
       p.auth = AuthMode::kToken;
     },
     "auth.token_size_max"},
    {"a ceiling below one request",
     [](Config& c, Profile&) { c.limits.memory_max = c.api.body_size_max - 1; },
     "limits.memory_max"},
    {"a ceiling below one queue",
     [](Config& c, Profile& p) {
       c.limits.memory_max = c.api.body_size_max = 1'000'000;
       p.message_size_max = 1'000'000;
       p.queue_size_max = 1'000'001;
     },
     "limits.memory_max"},
    {"a ceiling of one request",
     [](Config& c, Profile&) { c.limits.memory_max = c.api.body_size_max; }, ""},
    {"nothing", [](Config&, Profile&) {}, ""},
};

TEST(Rules, FindWarnings) {
  for (const Row& row : kWarnings) {
    Config config = sound();
    config.api.keys = {kKey};
    row.change(config, config.profiles[0]);
    const auto findings = find_warnings(config);
    if (row.key.empty()) {
      EXPECT_TRUE(findings.empty()) << row.rule << ": " << findings.front().key;
      continue;
    }
    ASSERT_EQ(findings.size(), 1U) << row.rule;
    EXPECT_EQ(findings[0].key, row.key) << row.rule;
  }
}

TEST(Rules, ShippedConfigurationWarnsOnlyOfTheOpenApi) {
  const auto findings = find_warnings(*load({}));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].key, "api.keys");
}

}  // namespace
}  // namespace config
