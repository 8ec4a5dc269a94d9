#include "bench/load/report/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace load {
namespace {

class ResultFile : public testing::Test {
 protected:
  ~ResultFile() override { std::filesystem::remove(path_); }
  const std::string path_ = testing::TempDir() + "dunlin_result_test.json";
};

Result example() {
  Result result;
  result.scenario = "fanout";
  result.target = "dunlin";
  result.label = "fanout \"1000\"";
  result.started_at = "2024-01-01T00:00:00Z";
  result.parameters = {{"connections", "1000"}, {"payload", "64"}};
  result.machine = {{"kernel", "6"}};
  result.metrics = {{.name = "server_cpu",
                     .unit = "us/delivery",
                     .value = 3.25,
                     .better = Better::kLower,
                     .samples = {3, 3.5}},
                    {.name = "deliveries",
                     .unit = "1/s",
                     .value = 1e6,
                     .better = Better::kHigher,
                     .samples = {}}};
  Latency latency{.name = "delivery", .meaning = "a to b", .histogram = {}};
  for (std::uint64_t value = 1; value < 10'000'000; value = value * 3 / 2 + 1)
    latency.histogram.record(value, 3);
  result.latencies = {latency};
  result.checks = {{.name = "lost", .count = 2, .must_be_zero = true},
                   {.name = "received", .count = 9, .must_be_zero = false}};
  result.exceeded = {"the server grew"};
  result.warnings = {"noisy"};
  return result;
}

TEST_F(ResultFile, RoundTrip) {
  const Result written = example();
  ASSERT_TRUE(write_json(written, path_).has_value());
  const auto read = read_json(path_);
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->scenario, written.scenario);
  EXPECT_EQ(read->target, written.target);
  EXPECT_EQ(read->label, written.label);
  EXPECT_EQ(read->parameters, written.parameters);
  EXPECT_EQ(read->machine, written.machine);
  EXPECT_EQ(read->exceeded, written.exceeded);
  EXPECT_EQ(read->warnings, written.warnings);
  ASSERT_EQ(read->metrics.size(), 2u);
  EXPECT_EQ(read->metrics[0].value, 3.25);
  EXPECT_EQ(read->metrics[0].samples, written.metrics[0].samples);
  EXPECT_EQ(read->metrics[0].better, Better::kLower);
  EXPECT_EQ(read->metrics[1].better, Better::kHigher);
  ASSERT_EQ(read->checks.size(), 2u);
  EXPECT_FALSE(read->is_sound());
  ASSERT_EQ(read->latencies.size(), 1u);
  const Histogram& histogram = read->latencies[0].histogram;
  EXPECT_EQ(histogram.count(), written.latencies[0].histogram.count());
  for (const double percent : {1.0, 50.0, 99.0}) {
    EXPECT_EQ(histogram.percentile(percent), written.latencies[0].histogram.percentile(percent));
  }
}

// A merge of repetitions that were read is the merge of what was recorded.
TEST_F(ResultFile, HistogramsThatWereReadMergeExactly) {
  std::vector<Result> recorded(2, example());
  recorded[1].latencies[0].histogram.record(77'777, 5);
  Histogram expected;
  Histogram merged;
  for (const Result& result : recorded) {
    expected.merge(result.latencies[0].histogram);
    ASSERT_TRUE(write_json(result, path_).has_value());
    const auto read = read_json(path_);
    ASSERT_TRUE(read.has_value()) << read.error();
    merged.merge(read->latencies.at(0).histogram);
  }
  EXPECT_EQ(merged.count(), expected.count());
  EXPECT_EQ(merged.min(), expected.min());
  EXPECT_EQ(merged.max(), expected.max());
  EXPECT_DOUBLE_EQ(merged.mean(), expected.mean());
  const auto buckets = merged.buckets();
  const auto expected_buckets = expected.buckets();
  ASSERT_EQ(buckets.size(), expected_buckets.size());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    EXPECT_EQ(buckets[i].value_max, expected_buckets[i].value_max);
    EXPECT_EQ(buckets[i].count, expected_buckets[i].count);
  }
}

TEST_F(ResultFile, OtherFilesAreRefused) {
  EXPECT_FALSE(read_json("/nonexistent.json").has_value());
  std::ofstream(path_) << "{\"scenario\":";
  EXPECT_FALSE(read_json(path_).has_value());
  std::ofstream(path_) << "[]";
  EXPECT_FALSE(read_json(path_).has_value());
}

TEST_F(ResultFile, MembersOfAnotherTypeAreIgnored) {
  std::ofstream(path_)
      << R"({"scenario":1,"metrics":[{"name":2,"samples":["x"]}],"latencies":[{"buckets":[1,[2]]}],"parameters":[]})";
  const auto read = read_json(path_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->scenario, "");
  EXPECT_TRUE(read->latencies.at(0).histogram.empty());
}

}  // namespace
}  // namespace load
