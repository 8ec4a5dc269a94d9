#include "bench/load/report/compare.h"

#include <gtest/gtest.h>

namespace load {
namespace {

Result with_metric(double value, std::vector<double> samples, Better better = Better::kLower) {
  Result result;
  result.scenario = "push";
  result.metrics = {
      {.name = "m", .unit = "us", .value = value, .better = better, .samples = std::move(samples)}};
  return result;
}

struct Row {
  const char* what;
  Result before;
  Result after;
  Verdict verdict;
};

TEST(Compare, VerdictsOnMetrics) {
  const Row kRows[] = {
      {"the same", with_metric(10, {}), with_metric(10, {}), Verdict::kSame},
      {"below the smallest change", with_metric(10, {}), with_metric(10.19, {}), Verdict::kSame},
      {"above it", with_metric(10, {}), with_metric(10.21, {}), Verdict::kWorse},
      {"better", with_metric(10, {}), with_metric(9, {}), Verdict::kBetter},
      {"within noise", with_metric(10, {9, 11}), with_metric(11, {10.5, 11.5}), Verdict::kSame},
      {"beyond noise", with_metric(10, {9.9, 10.1}), with_metric(11, {10.9, 11.1}),
       Verdict::kWorse},
      {"more is better", with_metric(10, {}, Better::kHigher), with_metric(11, {}, Better::kHigher),
       Verdict::kBetter},
      {"less is worse", with_metric(10, {}, Better::kHigher), with_metric(9, {}, Better::kHigher),
       Verdict::kWorse},
      {"neither", with_metric(10, {}, Better::kNeither), with_metric(20, {}, Better::kNeither),
       Verdict::kSame},
  };
  for (const Row& row : kRows) {
    const Comparison comparison = compare(row.before, row.after);
    ASSERT_EQ(comparison.figures.size(), 1u) << row.what;
    EXPECT_EQ(comparison.figures[0].verdict, row.verdict) << row.what;
    EXPECT_EQ(comparison.worse_count, row.verdict == Verdict::kWorse ? 1u : 0u) << row.what;
  }
}

TEST(Compare, ALostMessageIsAlwaysWorse) {
  Result after;
  after.scenario = "push";
  after.checks = {{.name = "lost", .count = 1, .must_be_zero = true},
                  {.name = "received", .count = 5, .must_be_zero = false}};
  EXPECT_EQ(compare(with_metric(1, {}), after).worse_count, 1u);
}

TEST(Compare, ABoundThatWasExceededIsWorse) {
  Result after = with_metric(1, {});
  after.exceeded = {"the server grew"};
  const Comparison comparison = compare(with_metric(1, {}), after);
  EXPECT_EQ(comparison.worse_count, 1u);
  ASSERT_EQ(comparison.remarks.size(), 1u);
  EXPECT_EQ(comparison.remarks[0], "WORSE: after: the server grew");
}

TEST(Compare, RemarksOnWhatCannotBeCompared) {
  Result after = with_metric(1, {});
  after.scenario = "fanout";
  after.parameters = {{"connections", "5"}};
  after.warnings = {"noisy"};
  EXPECT_EQ(compare(with_metric(1, {}), after).remarks.size(), 3u);
}

}  // namespace
}  // namespace load
