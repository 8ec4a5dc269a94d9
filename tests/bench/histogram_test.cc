#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace load {
namespace {

constexpr std::uint64_t kOne = 1;

TEST(Histogram, EmptyIsAllZero) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.percentile(99), 0u);
  EXPECT_TRUE(histogram.buckets().empty());
}

// Both sides of every border between two widths, and of the range's end.
TEST(Histogram, BucketsJoinWithoutGapOrOverlap) {
  for (unsigned bits = 0; bits <= Histogram::kValueBits; ++bits) {
    for (const std::uint64_t value : {(kOne << bits) - 1, kOne << bits, (kOne << bits) + 1}) {
      const std::size_t index = Histogram::index_of(value);
      const std::uint64_t clipped = std::min(value, Histogram::kValueMax);
      EXPECT_GE(Histogram::value_max_of(index), clipped) << value;
      if (index > 0) {
        EXPECT_LT(Histogram::value_max_of(index - 1), clipped) << value;
      }
    }
  }
}

TEST(Histogram, EveryBucketEndsWhereItsIndexSays) {
  const std::size_t last = Histogram::index_of(Histogram::kValueMax);
  for (std::size_t index = 0; index <= last; ++index) {
    const std::uint64_t value_max = Histogram::value_max_of(index);
    ASSERT_EQ(Histogram::index_of(value_max), index);
    if (index < last) {
      ASSERT_EQ(Histogram::index_of(value_max + 1), index + 1);
    }
  }
  EXPECT_EQ(Histogram::value_max_of(last), Histogram::kValueMax);
}

TEST(Histogram, ErrorIsBelowOneInOneHundredAndTwentyEight) {
  for (std::uint64_t value = 1; value < Histogram::kValueMax; value = value * 3 / 2 + 1) {
    const std::uint64_t reported = Histogram::value_max_of(Histogram::index_of(value));
    EXPECT_LE(static_cast<double>(reported - value), static_cast<double>(value) / 128) << value;
  }
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(1), 1u);
  EXPECT_EQ(histogram.percentile(50), 50u);
  EXPECT_EQ(histogram.percentile(99), 99u);
  EXPECT_EQ(histogram.percentile(99.1), 100u);
  EXPECT_EQ(histogram.percentile(100), 100u);
  EXPECT_EQ(histogram.min(), 1u);
  EXPECT_EQ(histogram.max(), 100u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50.5);
}

TEST(Histogram, PercentileNeverExceedsTheMaximum) {
  Histogram histogram;
  histogram.record(1'000'001);
  EXPECT_EQ(histogram.percentile(50), 1'000'001u);
  EXPECT_EQ(histogram.percentile(99.999), 1'000'001u);
}

TEST(Histogram, ValuesBeyondTheRangeKeepTheirMaximum) {
  Histogram histogram;
  histogram.record(5);
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.max(), ~std::uint64_t{0});
  EXPECT_EQ(histogram.percentile(50), 5u);
  EXPECT_EQ(histogram.percentile(100), ~std::uint64_t{0});
}

TEST(Histogram, AgreesWithASortedListWithinItsError) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(11, 1.5);  // Around 60 us with a long tail.
  std::vector<std::uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(latencies(random)));
    histogram.record(values.back());
  }
  std::ranges::sort(values);
  for (const double percent : {0.001, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(static_cast<double>(values.size()) * percent / 100));
    const std::uint64_t exact = values[std::max<std::size_t>(rank, 1) - 1];
    EXPECT_GE(histogram.percentile(percent), exact) << percent;
    EXPECT_LE(static_cast<double>(histogram.percentile(percent)),
              static_cast<double>(exact) * (1 + 1.0 / 128) + 1)
        << percent;
  }
}

TEST(Histogram, MergeIsRecordingIntoOne) {
  Histogram one;
  Histogram two;
  Histogram both;
  for (std::uint64_t value = 3; value < 1'000'000; value = value * 7 / 5 + 1) {
    (value % 2 == 0 ? one : two).record(value, value % 5 + 1);
    both.record(value, value % 5 + 1);
  }
  one.merge(two);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.min(), both.min());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_DOUBLE_EQ(one.mean(), both.mean());
  for (const double percent : {1.0, 50.0, 99.0})
    EXPECT_EQ(one.percentile(percent), both.percentile(percent));
}

TEST(Histogram, MergingWithEmptyChangesNothing) {
  Histogram histogram;
  histogram.record(42);
  histogram.merge({});
  Histogram empty;
  empty.merge(histogram);
  for (const Histogram& each : {histogram, empty}) {
    EXPECT_EQ(each.count(), 1u);
    EXPECT_EQ(each.min(), 42u);
    EXPECT_EQ(each.max(), 42u);
  }
}

}  // namespace
}  // namespace load
