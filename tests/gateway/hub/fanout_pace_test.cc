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

TEST(FanoutPace, OneSliceAtMostTakesTooLong) {
  FanoutPace pace;
  for (int i = 0; i < 100; ++i) pace.ran(500, 500 * 150);  // Receivers with a backlog: cheap.
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kMost);
  pace.ran(FanoutPace::kMost, FanoutPace::kMost * 4'000);
  EXPECT_EQ(pace.deliveries(500), 125U);
  pace.ran(125, 125 * 300'000);  // Messages of a megabyte.
  EXPECT_EQ(pace.deliveries(500), 1U);
}

TEST(FanoutPace, RecoversFromADisturbance) {
  FanoutPace pace;
  pace.ran(125, 125 * 4'000);
  pace.ran(125, 125 * 40'000);  // The thread was not running for a while.
  EXPECT_EQ(pace.deliveries(500), 12U);
  for (int i = 0; i < 60; ++i) pace.ran(12, 12 * 4'000);
  EXPECT_NEAR(pace.deliveries(500), 125, 2);
}

TEST(FanoutPace, StaysWithinItsBounds) {
  FanoutPace pace;
  pace.ran(0, 1'000'000);
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kFirst);
  pace.ran(100, 0);
  EXPECT_EQ(pace.deliveries(500'000), FanoutPace::kMost);
  pace.ran(1, 1'000'000'000);
  EXPECT_EQ(pace.deliveries(500), FanoutPace::kFewest);
}

}  // namespace
