#include "bench/load/report/runs.h"

#include <gtest/gtest.h>

namespace load {
namespace {

Result run(std::string target, std::string label, std::string at, double cpu, std::uint64_t ns) {
  Result result;
  result.target = std::move(target);
  result.label = std::move(label);
  result.started_at = std::move(at);
  result.metrics = {{.name = "server_cpu", .unit = "us/push", .value = cpu, .samples = {}}};
  Histogram histogram;
  histogram.record(ns);
  result.latencies = {{.name = "push", .meaning = "", .histogram = histogram}};
  result.checks = {{.name = "lost", .count = ns, .must_be_zero = true}};
  return result;
}

TEST(Runs, RowsAndTargetsInTheOrderOfTheirRuns) {
  const std::vector<Result> results = {
      run("limit", "echo", "5", 1, 1), run("ring", "push", "2", 1, 1),
      run("dunlin", "push", "3", 1, 1), run("limit", "push", "4", 1, 1),
      run("ring", "echo", "6", 1, 1)};
  const Runs runs = sort_runs(results, "dunlin");
  EXPECT_EQ(runs.targets, (std::vector<std::string>{"dunlin", "ring", "limit"}));
  ASSERT_EQ(runs.rows.size(), 2u);
  EXPECT_EQ(runs.rows[0].label, "push");
  ASSERT_EQ(runs.rows[0].targets.size(), 3u);
  EXPECT_TRUE(runs.rows[0].targets[0].is_subject);
  // A row that lacks a target leaves the others their places, and so their colours.
  ASSERT_EQ(runs.rows[1].targets.size(), 2u);
  EXPECT_EQ(runs.rows[1].targets[0].target, "ring");
  EXPECT_EQ(runs.rows[1].targets[0].series, 1u);
  EXPECT_FALSE(runs.rows[1].targets[0].is_subject);
}

TEST(Runs, RepetitionsAreTakenTogether) {
  std::vector<Result> results = {run("dunlin", "push", "1", 3, 10),
                                 run("dunlin", "push", "2", 9, 20),
                                 run("dunlin", "push", "3", 4, 30)};
  results[1].metrics.push_back({.name = "extra", .value = 7, .samples = {}});
  const Runs runs = sort_runs(results, "dunlin");
  const TargetRuns& target = runs.rows.at(0).targets.at(0);
  EXPECT_EQ(target.repetitions.size(), 3u);
  EXPECT_EQ(target.median_of("server_cpu"), 4);
  EXPECT_EQ(target.median_of("extra"), 7);
  EXPECT_EQ(target.median_of("nothing"), std::nullopt);
  EXPECT_EQ(target.latency("push").count(), 3u);
  EXPECT_EQ(target.latency("push").max(), 30u);
  EXPECT_TRUE(target.latency("echo").empty());
  EXPECT_EQ(target.count_of("lost"), 60u);
  EXPECT_EQ(target.count_of("nothing"), 0u);
}

TEST(Runs, NamesOfARowOnceEach) {
  std::vector<Result> results = {run("dunlin", "push", "1", 1, 1), run("limit", "push", "2", 1, 1)};
  results[1].latencies.push_back({.name = "answer", .meaning = "", .histogram = {}});
  const Runs runs = sort_runs(results, "dunlin");
  EXPECT_EQ(runs.rows.at(0).metrics().size(), 1u);
  ASSERT_EQ(runs.rows.at(0).latencies().size(), 2u);
  EXPECT_EQ(runs.rows.at(0).latencies()[1]->name, "answer");
}

}  // namespace
}  // namespace load
