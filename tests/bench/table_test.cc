#include "bench/load/report/table.h"

#include <gtest/gtest.h>

namespace load {
namespace {

Result cost(std::string target, std::string label, double value) {
  Result result;
  result.target = std::move(target);
  result.label = std::move(label);
  result.metrics = {{.name = "server_cpu",
                     .unit = "us/push",
                     .value = value,
                     .better = Better::kLower,
                     .samples = {}}};
  return result;
}

TEST(Table, MediansAndRatiosToTheOthers) {
  const Table table =
      tabulate({cost("limit", "push", 10), cost("dunlin", "push", 12), cost("limit", "push", 10),
                cost("dunlin", "push", 90), cost("limit", "push", 99), cost("dunlin", "push", 11),
                cost("dunlin", "echo", 5)},
               "dunlin", {});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.targets, (std::vector<std::string>{"limit", "dunlin"}));
  EXPECT_DOUBLE_EQ(table.rows[0].ratios.at("limit").value, 1.2);
  EXPECT_TRUE(table.rows[1].ratios.empty());
  EXPECT_EQ(table.missed_count, 0u);
  EXPECT_NE(to_text(table).find("1.200"), std::string::npos);
}

TEST(Table, GoalsAreReachedOrMissed) {
  const std::vector<Result> results = {cost("limit", "push", 10), cost("dunlin", "push", 11)};
  EXPECT_EQ(
      tabulate(results, "dunlin", {{"push", {.ratios_max = {{"limit", 1.1}}, .value_max = 11}}})
          .missed_count,
      0u);
  EXPECT_EQ(
      tabulate(results, "dunlin", {{"push", {.ratios_max = {{"limit", 1.09}}, .value_max = 10}}})
          .missed_count,
      2u);
  EXPECT_EQ(tabulate(results, "dunlin", {{"echo", {.ratios_max = {{"limit", 1}}, .value_max = 1}}})
                .missed_count,
            0u);
}

TEST(Table, TellsUnsoundRows) {
  Result result = cost("limit", "push", 10);
  EXPECT_TRUE(tabulate({result}, "limit", {}).rows.at(0).is_sound);
  result.checks = {{.name = "lost", .count = 1, .must_be_zero = true}};
  EXPECT_FALSE(tabulate({result}, "limit", {}).rows.at(0).is_sound);
}

TEST(Table, AnOpenLoopIsAboutItsLatency) {
  Result result = cost("limit", "push", 10);
  Histogram histogram;
  histogram.record(50'000);
  result.latencies = {{.name = "push", .meaning = "", .histogram = histogram}};
  result.parameters = {{"loop", "closed"}};
  EXPECT_EQ(headline_of(result)->unit, "CPU us");
  result.parameters = {{"loop", "open"}};
  EXPECT_EQ(headline_of(result)->unit, "p99 us");
  EXPECT_EQ(headline_of(result)->value, 50);
  result.latencies.clear();
  EXPECT_FALSE(headline_of(result).has_value());
}

TEST(Table, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace load
