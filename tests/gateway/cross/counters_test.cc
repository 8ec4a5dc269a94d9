#include "gateway/cross/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

template <typename Enum>
void expect_distinct_names() {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Enum::kCount); ++i) {
    const std::string_view name = cross::name_of(static_cast<Enum>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Counters, EveryCauseHasANameOfItsOwn) {
  expect_distinct_names<cross::DropCause>();
  expect_distinct_names<cross::CloseCause>();
  expect_distinct_names<cross::HandshakeResult>();
}

TEST(Counters, GoUpAndDown) {
  cross::Counter counter;
  counter.add(5);
  counter.subtract(7);  // Unsigned: a gauge may be taken down by a negative difference.
  counter.add(2);
  EXPECT_EQ(counter.value(), 0U);
}

TEST(Counters, LatencyFallsIntoItsBucket) {
  struct Row {
    std::uint64_t latency_ns;
    std::size_t bucket;
  };
  constexpr Row kRows[] = {
      {0, 0},         {50'000, 0},          {50'001, 1},         {1'000'000, 4},
      {1'000'001, 5}, {10'000'000'000, 15}, {10'000'000'001, 16}};
  for (const Row& row : kRows) {
    cross::LatencyHistogram histogram;
    histogram.record(row.latency_ns, 3);
    EXPECT_EQ(histogram.bucket(row.bucket), 3U) << row.latency_ns;
    EXPECT_EQ(histogram.sum_ns(), 3 * row.latency_ns);
  }
}

}  // namespace
