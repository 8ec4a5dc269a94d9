#include "bench/load/trend.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace load {
namespace {

TEST(Slope, OfTooLittleIsNothing) {
  EXPECT_EQ(slope_of({}), 0);
  EXPECT_EQ(slope_of(std::array{Measurement{1, 5}}), 0);
  EXPECT_EQ(slope_of(std::array{Measurement{1, 5}, Measurement{1, 9}}), 0);
}

TEST(Slope, OfALineIsTheLines) {
  std::vector<Measurement> points;
  for (int i = 0; i < 100; ++i) points.push_back({.at_s = i * 0.5, .value = 7 - i * 0.25});
  EXPECT_NEAR(slope_of(points), -0.5, 1e-12);
}

// y = 1 + 2x with errors +1, -1, -1, +1, which leave the best line where it is.
TEST(Slope, OfNoisyPointsIsTheBestFit) {
  const std::array points = {Measurement{0, 2}, Measurement{1, 2}, Measurement{2, 4},
                             Measurement{3, 8}};
  EXPECT_NEAR(slope_of(points), 2.0, 1e-12);
}

TEST(Slope, DoesNotDependOnWhenItBegan) {
  const double begin = 1e9;
  const std::array points = {Measurement{begin, 1}, Measurement{begin + 1, 2},
                             Measurement{begin + 2, 3}};
  EXPECT_NEAR(slope_of(points), 1.0, 1e-9);
}

TEST(Growth, LooksAtTheSecondHalfOnly) {
  std::vector<Measurement> points;
  for (int i = 0; i <= 20; ++i) {
    points.push_back({.at_s = 60.0 * i, .value = i < 10 ? 10.0 * i : 100.0});
  }
  const Growth growth = second_half_growth(points);
  EXPECT_NEAR(growth.per_hour, 0, 1e-9);
  EXPECT_NEAR(growth.gained, 0, 1e-9);
}

TEST(Growth, IsGivenPerHourAsAmountAndInPercent) {
  std::vector<Measurement> points;
  for (int i = 0; i <= 10; ++i) points.push_back({.at_s = 36.0 * i, .value = 95.0 + i});
  const Growth growth = second_half_growth(points);  // From 100 at 180 s to 105 at 360 s.
  EXPECT_NEAR(growth.per_hour, 100, 1e-9);
  EXPECT_NEAR(growth.gained, 5, 1e-9);
  EXPECT_NEAR(growth.percent, 100 * 5 / 102.5, 1e-9);
}

TEST(Growth, OfOnePointIsNothing) {
  EXPECT_EQ(second_half_growth({}).gained, 0);
  EXPECT_EQ(second_half_growth(std::array{Measurement{1, 5}}).gained, 0);
}

}  // namespace
}  // namespace load
