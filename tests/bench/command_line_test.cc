#include "bench/load/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace load {
namespace {

std::expected<Arguments, int> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "dunlin-bench");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto result = parse_command_line(static_cast<int>(pointers.size()), pointers.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return result;
}

Options options_of(std::vector<std::string> words) {
  return parse(std::move(words)).value().options;
}

TEST(CommandLine, AScenarioMayHaveDefaultsOfItsOwn) {
  const Options soak = options_of({"soak"});
  EXPECT_EQ(soak.slices, 30u);
  EXPECT_EQ(soak.duration_s, 60);
  EXPECT_EQ(soak.rate, 1'000);
  EXPECT_EQ(soak.broadcast_rate, 1);
  EXPECT_EQ(soak.non_readers_percent, 1);
  const Options push = options_of({"push"});
  EXPECT_EQ(push.slices, 5u);
  EXPECT_EQ(push.rate, 0);
  EXPECT_EQ(options_of({"mixed"}).rate, 1'000);
  EXPECT_EQ(options_of({"mixed"}).probes, 1'000u);
}

TEST(CommandLine, WhatTheUserSaysWins) {
  const Options soak = options_of({"soak", "--slices", "4", "--rate", "0", "--non-readers", "0"});
  EXPECT_EQ(soak.slices, 4u);
  EXPECT_EQ(soak.rate, 0);
  EXPECT_EQ(soak.non_readers_percent, 0);
  EXPECT_EQ(soak.duration_s, 60);
}

TEST(CommandLine, AStreamHasAWindow) {
  EXPECT_EQ(options_of({"push"}).outstanding, 1u);
  EXPECT_EQ(options_of({"push", "--stream"}).outstanding, 64u);
  EXPECT_EQ(options_of({"push", "--stream", "--outstanding", "3"}).outstanding, 3u);
  EXPECT_FALSE(parse({"push", "--stream", "--batch", "4"}));
}

TEST(CommandLine, ConnectionsEndAsTheUserSays) {
  EXPECT_EQ(options_of({"reconnect"}).drop, Drop::kReset);
  EXPECT_EQ(options_of({"reconnect", "--drop", "close"}).drop, Drop::kClose);
  EXPECT_FALSE(parse({"reconnect", "--drop", "gently"}));
  EXPECT_FALSE(parse({"reconnect", "--rounds", "0"}));
}

TEST(CommandLine, HelpEndsWellAndMistakesDoNot) {
  for (const char* scenario :
       {"connect", "hold", "fanout", "push", "echo", "mixed", "reconnect", "soak"}) {
    EXPECT_EQ(parse({scenario, "--help"}).error(), 0) << scenario;
  }
  EXPECT_GT(parse({"push", "--nonsense"}).error(), 100);
  EXPECT_GT(parse({}).error(), 100);
}

}  // namespace
}  // namespace load
