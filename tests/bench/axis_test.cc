#include "bench/load/report/page/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

namespace load {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

MATCHER(NearlyTheSame, "") {
  return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= 1e-9 * std::abs(std::get<1>(arg));
}

TEST(Axis, LinearWithRoundTicks) {
  const Axis axis = Axis::linear(0, 9.3);
  EXPECT_THAT(axis.ticks(), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_EQ(axis.share(0), 0);
  EXPECT_DOUBLE_EQ(axis.share(5), 0.5);
  EXPECT_EQ(axis.share(10), 1);
}

TEST(Axis, LogarithmicWithOneTwoFive) {
  const Axis axis = Axis::logarithmic(1'300, 9'000);
  EXPECT_THAT(axis.ticks(), Pointwise(NearlyTheSame(), {1'000.0, 2'000.0, 5'000.0, 10'000.0}));
  EXPECT_THAT(axis.share(1'000), DoubleNear(0, 1e-9));
  EXPECT_NEAR(axis.share(3'162.28), 0.5, 1e-5);
}

TEST(Axis, OverManyDecadesOnlyTheirBegins) {
  const Axis axis = Axis::logarithmic(30, 2e6);
  EXPECT_THAT(axis.ticks(), Pointwise(NearlyTheSame(), {1e2, 1e3, 1e4, 1e5, 1e6}));
  EXPECT_NEAR(axis.from(), 20, 1e-9);
}

TEST(Axis, NeverTooManyTicks) {
  for (double to = 1e-9; to < 1e15; to *= 3.7) {
    EXPECT_LE(Axis::linear(0, to).ticks().size(), Axis::kTicksMax) << to;
    EXPECT_LE(Axis::logarithmic(1e-9, to).ticks().size(), Axis::kTicksMax) << to;
    EXPECT_GE(Axis::linear(0, to).ticks().size(), 2u) << to;
    EXPECT_GE(Axis::linear(0, to).to(), to * (1 - 1e-9)) << to;
    EXPECT_GE(Axis::logarithmic(1e-9, to).to(), to * (1 - 1e-9)) << to;
  }
}

TEST(Axis, ARangeOfNothingHasAPlaceForIt) {
  for (const Axis& axis : {Axis::linear(0, 0), Axis::linear(7, 7), Axis::logarithmic(10, 10),
                           Axis::logarithmic(3, 3)}) {
    EXPECT_LT(axis.from(), axis.to());
    EXPECT_GE(axis.ticks().size(), 2u);
  }
}

TEST(Axis, WhatIsNoNumberIsAbsent) {
  for (const double none : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(Axis::linear(none, 9.3).ticks(), Axis::linear(0, 9.3).ticks());
    EXPECT_EQ(Axis::linear(7, none).ticks(), Axis::linear(7, 7).ticks());
    EXPECT_EQ(Axis::logarithmic(none, 10).ticks(), Axis::logarithmic(10, 10).ticks());
    EXPECT_EQ(Axis::logarithmic(10, none).ticks(), Axis::logarithmic(10, 10).ticks());
    EXPECT_LT(Axis::logarithmic(none, none).from(), Axis::logarithmic(none, none).to());
  }
  EXPECT_EQ(Axis::logarithmic(-5, 10).ticks(), Axis::logarithmic(10, 10).ticks());
  EXPECT_EQ(Axis::linear(0, 1).share(std::nan("")), 0);
  EXPECT_LE(Axis::linear(-1e308, 1e308).ticks().size(), Axis::kTicksMax);
}

TEST(Axis, WhatLiesOutsideIsAtTheBorder) {
  const Axis axis = Axis::fixed(10, 20, {12});
  EXPECT_THAT(axis.ticks(), ElementsAre(12));
  EXPECT_EQ(axis.share(5), 0);
  EXPECT_EQ(axis.share(99), 1);
  EXPECT_EQ(Axis::logarithmic(10, 100).share(0), 0);
}

}  // namespace
}  // namespace load
