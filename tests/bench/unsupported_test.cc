#include <gtest/gtest.h>

#include <string>

#include "bench/load/command_line.h"

namespace load {
namespace {

Options options_for(const std::string& profile, Scenario scenario) {
  Options options;
  options.profile = profile;
  options.scenario = scenario;
  options.public_address = "127.0.0.1:1";
  return options;
}

std::string reason_of(const Options& options) {
  const auto setup = prepare(options);
  if (!setup) return "not even prepared: " + setup.error();
  return unsupported(*setup).value_or("");
}

TEST(Unsupported, NothingOfDunlin) {
  for (const Scenario scenario : {Scenario::kConnect, Scenario::kHold, Scenario::kFanout,
                                  Scenario::kPush, Scenario::kEcho, Scenario::kMixed}) {
    EXPECT_EQ(reason_of(options_for("dunlin", scenario)), "");
  }
}

TEST(Unsupported, WhatTheProfileDoesNotName) {
  EXPECT_EQ(reason_of(options_for("nchan", Scenario::kEcho)),
            "profile 'nchan' has no client.echo_path");
  EXPECT_EQ(reason_of(options_for("nats", Scenario::kEcho)),
            "profile 'nats' has no client.echo_path");
  Options batch = options_for("go-gorilla", Scenario::kPush);
  EXPECT_EQ(reason_of(batch), "");
  batch.batch = 64;
  EXPECT_EQ(reason_of(batch), "profile 'go-gorilla' has no [batch]");
}

TEST(Prepare, TlsWhereTheProfileSaysSo) {
  const auto plain = prepare(options_for("dunlin", Scenario::kPush));
  const auto tls = prepare(options_for("dunlin-tls", Scenario::kPush));
  ASSERT_TRUE(plain && tls);
  EXPECT_TRUE(plain->public_tls == nullptr && plain->api_tls == nullptr);
  EXPECT_TRUE(tls->public_tls != nullptr && tls->api_tls == nullptr);
}

TEST(Prepare, AFileOfAuthoritiesMustHoldSome) {
  Options options = options_for("dunlin-tls", Scenario::kPush);
  options.ca_file = "/proc/self/maps";
  EXPECT_EQ(prepare(options).error(), "/proc/self/maps: no certificates in PEM form");
}

TEST(Prepare, JsonNeedsRoom) {
  Options options = options_for("dunlin", Scenario::kPush);
  options.payload = PayloadKind::kJson;
  EXPECT_EQ(prepare(options).error(), "--payload json needs a --size of 128 at least");
  options.payload_size = 128;
  EXPECT_TRUE(prepare(options).has_value());
}

TEST(Unsupported, IsNotWhatIsWrong) {
  EXPECT_FALSE(prepare(options_for("no-such-server", Scenario::kPush)).has_value());
}

}  // namespace
}  // namespace load
