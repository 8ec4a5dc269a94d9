#include "bench/load/report/soak_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/load/clock.h"

namespace load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Record record_of(std::initializer_list<std::uint64_t> user_bytes) {
  Record record;
  std::int64_t at_ns = 5 * kSecond;
  for (const std::uint64_t bytes : user_bytes) {
    record.holdings.push_back(
        {.at_ns = at_ns += 60 * kSecond, .memory = {.anonymous = bytes}, .open_files = 100});
  }
  return record;
}

const Metric& metric(const Result& result, const char* name) {
  return *std::ranges::find(result.metrics, name, &Metric::name);
}

TEST(SoakFigures, WhatGrowsByMoreThanItsAllowanceIsAFailure) {
  constexpr std::uint64_t kMiB = 1 << 20;
  load::Setup setup;
  setup.options.memory_growth_max = 2;
  setup.options.memory_allowance = 1;
  Result result;
  // The first half does not count. 100 to 104 MiB is more than 2 % and 1 MiB.
  add_soak_figures(result, setup, record_of({0, 50 * kMiB, 100 * kMiB, 102 * kMiB, 104 * kMiB}),
                   true);
  EXPECT_FALSE(result.has_passed());
  EXPECT_TRUE(result.is_sound()) << "nothing was lost";
  ASSERT_EQ(result.exceeded.size(), 1u);
  EXPECT_THAT(result.exceeded[0], HasSubstr("user memory in MiB gained 4.00 (3.9 %)"));
  EXPECT_THAT(result.exceeded[0], HasSubstr("3.04 are allowed"));
  EXPECT_NEAR(metric(result, "user_growth").value, 120, 1e-6) << "2 MiB a minute";
  EXPECT_EQ(metric(result, "user_held").value, 104);
  EXPECT_EQ(metric(result, "open_files").value, 100);
}

TEST(SoakFigures, SoDoOpenFiles) {
  load::Setup setup;
  setup.options.churn_clients = 10;
  Record record = record_of({1, 1, 1, 1, 1});
  for (std::size_t i = 0; i < record.holdings.size(); ++i) record.holdings[i].open_files += 20 * i;
  Result result;
  add_soak_figures(result, setup, record, true);
  ASSERT_EQ(result.exceeded.size(), 1u);
  EXPECT_THAT(result.exceeded[0], HasSubstr("open files gained 40.00"));
}

TEST(SoakFigures, WhatRestsOrShrinksIsNone) {
  constexpr std::uint64_t kMiB = 1 << 20;
  load::Setup setup;
  Result result;
  add_soak_figures(result, setup, record_of({0, 50 * kMiB, 100 * kMiB, 101 * kMiB, 102 * kMiB}),
                   true);
  add_soak_figures(result, setup, record_of({9 * kMiB, 8 * kMiB, 7 * kMiB, 1 * kMiB, 0}), true);
  EXPECT_THAT(result.exceeded, ElementsAre());
  EXPECT_THAT(result.warnings, ElementsAre());
}

TEST(SoakFigures, LatenciesShowEachSlice) {
  Record record = record_of({1, 1});
  record.outcome.push.record(3'000);
  record.outcome.push_slices.resize(3);
  record.outcome.push_slices[0].record(100);
  record.outcome.push_slices[2].record(3'000);
  Result result;
  add_soak_figures(result, load::Setup{}, record, false);
  ASSERT_EQ(result.metrics.size(), 1u) << "nothing is known of the server";
  EXPECT_EQ(result.metrics[0].name, "push_p99");
  EXPECT_THAT(result.metrics[0].samples, ElementsAre(0.1, 3.0));
}

}  // namespace
}  // namespace load
