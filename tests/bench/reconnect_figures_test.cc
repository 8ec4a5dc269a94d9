#include "bench/load/report/reconnect_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/load/clock.h"

namespace load {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

const Metric& metric(const Result& result, const char* name) {
  return *std::ranges::find(result.metrics, name, &Metric::name);
}

std::uint64_t check(const Result& result, const char* name) {
  return std::ranges::find(result.checks, name, &Check::name)->count;
}

Result of_cpu(double cpu_us, const Setup& setup, const Record& record = {}) {
  Result result;
  result.metrics.push_back(
      {.name = "server_cpu", .unit = "", .value = cpu_us, .samples = {cpu_us}});
  add_reconnect_figures(result, setup, record, true);
  return result;
}

TEST(ReconnectFigures, TheWorstRoundIsTheFigure) {
  Record record;
  for (const std::int64_t at : {0, 2, 7, 10}) {
    record.borders.push_back({.at_ns = at * kSecond, .worker_cpu_ns = {}, .totals = {}});
  }
  const Result result = of_cpu(1, {}, record);
  EXPECT_EQ(metric(result, "all_reconnected").value, 5);
  EXPECT_THAT(metric(result, "all_reconnected").samples, ElementsAre(2, 5, 3));
  EXPECT_TRUE(result.is_sound());
}

TEST(ReconnectFigures, ItsCostIsMeasuredByTheHandshakes) {
  load::Setup setup;
  setup.options.baseline_cpu_us = 20;
  setup.options.baseline_max = 1.15;
  const Result good = of_cpu(23, setup);
  EXPECT_THAT(metric(good, "cpu_to_baseline").value, DoubleNear(1.15, 1e-9));
  EXPECT_TRUE(good.has_passed());
  const Result dear = of_cpu(26.2, setup);
  EXPECT_TRUE(dear.is_sound()) << "nothing was lost";
  EXPECT_FALSE(dear.has_passed());
  EXPECT_THAT(dear.exceeded,
              ElementsAre("a reconnect costs 1.310 times a handshake (20.0 us), more "
                          "than --baseline-max 1.15"));
}

TEST(ReconnectFigures, WhoDoesNotComeBackIsAFault) {
  Record record;
  record.not_back = 3;
  const Result result = of_cpu(1, {}, record);
  EXPECT_EQ(check(result, "not_back"), 3u);
  EXPECT_FALSE(result.is_sound());
}

}  // namespace
}  // namespace load
