#include "gateway/hub/fanout_pace.h"

#include <gtest/gtest.h>

namespace {

using hub::FanoutPace;

TEST(FanoutPace, FitsTheTimeByWhatDeliveriesHaveCost) {
  FanoutPace pace;
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kFirst);
  pace.ran(64, 64 * 4'000);
  EXPECT_EQ(pace.deliveries(500), 125U);
  EXPECT_EQ(pace.deliveries(1'000), 250U);
}

TEST(FanoutPace, FollowsAChangeButNotASingleDisturbance) {
  FanoutPace pace;
  pace.ran(125, 125 * 4'000);
  pace.ran(125, 125 * 40'000);  // The thread was not running for a while.
  EXPECT_GE(pace.deliveries(500), 50U);
  for (int i = 0; i < 40; ++i) pace.ran(100, 100 * 8'000);
  EXPECT_NEAR(pace.deliveries(500), 62, 3);
}

TEST(FanoutPace, LearnsNothingFromFewAndStaysWithinItsBounds) {
  FanoutPace pace;
  pace.ran(1, 1'000'000);
  pace.ran(0, 1'000'000);
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kFirst);
  pace.ran(100, 0);
  EXPECT_EQ(pace.deliveries(500'000), FanoutPace::kMost);
  for (int i = 0; i < 100; ++i) pace.ran(100, 1'000'000'000);
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kFewest);
}

}  // namespace
