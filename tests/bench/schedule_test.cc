#include "bench/load/scenario/schedule.h"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(Schedule, ClosedLoopIsNeverDue) {
  const Schedule schedule(0, 0, 1);
  EXPECT_FALSE(schedule.is_open_loop());
  EXPECT_EQ(schedule.due(1'000), kNever);
  EXPECT_EQ(schedule.count_before(0, kSecond), 0u);
}

TEST(Schedule, DueTimesAreFixedFromTheStart) {
  Schedule schedule(1'000, 0, 1);
  EXPECT_EQ(schedule.due(7), 7);
  EXPECT_EQ(schedule.due(7, 3), 7 + 3 * kMillisecond);
  for (int i = 0; i < 5; ++i) schedule.advance();
  EXPECT_EQ(schedule.due(7), 7 + 5 * kMillisecond);
}

TEST(Schedule, WorkersShareOneRate) {
  Schedule first(1'000, 0, 2);
  Schedule second(1'000, 1, 2);
  EXPECT_EQ(first.due(0), 0);
  EXPECT_EQ(second.due(0), kMillisecond);
  first.advance();
  second.advance();
  EXPECT_EQ(first.due(0), 2 * kMillisecond);
  EXPECT_EQ(second.due(0), 3 * kMillisecond);
}

TEST(Schedule, CountsWhatIsLeftBeforeATime) {
  Schedule schedule(1'000, 0, 1);
  EXPECT_EQ(schedule.count_before(0, 0), 0u);
  EXPECT_EQ(schedule.count_before(0, 1), 1u);
  EXPECT_EQ(schedule.count_before(0, kMillisecond), 1u);
  EXPECT_EQ(schedule.count_before(0, kMillisecond + 1), 2u);
  EXPECT_EQ(schedule.count_before(0, kSecond), 1'000u);
  schedule.advance();
  EXPECT_EQ(schedule.count_before(0, kSecond), 999u);
}

TEST(Punctuality, WhatFallsDueWhileNothingIsFreeIsExcused) {
  Punctuality punctuality;
  punctuality.begin_turn(100);
  EXPECT_FALSE(punctuality.excuses(100));
  punctuality.starve();
  // The server's answer brings the next turn: what fell due meanwhile waited for that, too.
  punctuality.begin_turn(300);
  EXPECT_TRUE(punctuality.excuses(90));
  EXPECT_TRUE(punctuality.excuses(300));
  EXPECT_FALSE(punctuality.excuses(301));
  punctuality.begin_turn(500);
  EXPECT_FALSE(punctuality.excuses(400)) << "something was free since";
}

}  // namespace
}  // namespace load
