#include "bench/load/report/reconnect_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace load {
namespace {

void add_time_to_the_last(Result& result, const Record& record) {
  Metric metric{.name = "all_reconnected", .unit = "s", .better = Better::kLower, .samples = {}};
  for (std::size_t i = 1; i < record.borders.size(); ++i) {
    const std::int64_t taken_ns = record.borders[i].at_ns - record.borders[i - 1].at_ns;
    metric.samples.push_back(static_cast<double>(taken_ns) / 1e9);
  }
  if (metric.samples.empty()) return;
  metric.value = *std::ranges::max_element(metric.samples);  // The worst round is the promise.
  result.metrics.push_back(std::move(metric));
}

void add_memory_after_rounds(Result& result, const Record& record) {
  Metric metric{.name = "resident_after", .unit = "MiB", .better = Better::kLower, .samples = {}};
  for (const Holding& holding : record.holdings) {
    metric.samples.push_back(static_cast<double>(holding.memory.resident) / (1 << 20));
  }
  if (metric.samples.empty()) return;
  metric.value = metric.samples.back();
  result.metrics.push_back(std::move(metric));
}

void compare_to_baseline(Result& result, const Options& options) {
  const auto cpu = std::ranges::find(result.metrics, "server_cpu", &Metric::name);
  if (options.baseline_cpu_us <= 0 || cpu == result.metrics.end()) return;
  Metric metric{.name = "cpu_to_baseline",
                .unit = "x handshake",
                .value = cpu->value / options.baseline_cpu_us,
                .better = Better::kLower,
                .samples = {}};
  for (const double sample : cpu->samples) {
    metric.samples.push_back(sample / options.baseline_cpu_us);
  }
  if (metric.value > options.baseline_max) {
    result.exceeded.push_back(fmt::format(
        "a reconnect costs {:.3f} times a handshake ({:.1f} us), more than --baseline-max {}",
        metric.value, options.baseline_cpu_us, options.baseline_max));
  }
  result.metrics.push_back(std::move(metric));
}

}  // namespace

void add_reconnect_figures(Result& result, const Setup& setup, const Record& record,
                           bool server_known) {
  add_time_to_the_last(result, record);
  if (server_known) add_memory_after_rounds(result, record);
  compare_to_baseline(result, setup.options);
  result.checks.push_back({.name = "not_back", .count = record.not_back, .must_be_zero = true});
  if (record.not_back > 0) {
    result.warnings.push_back(fmt::format("{} clients were not connected again within {} s",
                                          record.not_back, setup.options.return_timeout_s));
  }
}

}  // namespace load
