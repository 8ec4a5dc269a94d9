#include "bench/load/report/soak_figures.h"

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/trend.h"

namespace load {
namespace {

constexpr double kMebibyte = 1 << 20;

using Amount = std::function<double(const Holding&)>;

// The last value, and that of each slice's end; the first one is the beginning.
void add_holding(Result& result, const Record& record, Metric metric, const Amount& amount) {
  for (const Holding& holding : record.holdings) metric.samples.push_back(amount(holding));
  metric.value = metric.samples.back();
  result.metrics.push_back(std::move(metric));
}

Growth growth_of(const Record& record, const Amount& amount) {
  std::vector<Measurement> points;
  points.reserve(record.holdings.size());
  const std::int64_t begin = record.holdings.front().at_ns;
  for (const Holding& holding : record.holdings) {
    points.push_back(
        {.at_s = static_cast<double>(holding.at_ns - begin) / 1e9, .value = amount(holding)});
  }
  return second_half_growth(points);
}

void judge_growth(Result& result, const std::string& what, const Growth& growth,
                  const Options& options, double allowance) {
  // Percent and allowance: of a few MiB two percent are noise.
  const double mean = growth.percent != 0 ? 100 * growth.gained / growth.percent : 0;
  const double allowed = mean * options.memory_growth_max / 100 + allowance;
  if (growth.gained <= allowed) return;
  result.exceeded.push_back(fmt::format(
      "the server grew: {} gained {:.2f} ({:.1f} %) in the second half, {:.1f} an hour; {:.2f} are "
      "allowed",
      what, growth.gained, growth.percent, growth.per_hour, allowed));
}

void add_memory(Result& result, const Record& record, const Options& options) {
  const auto mebibytes = [](std::uint64_t ServerMemory::* kind) -> Amount {
    return [kind](const Holding& holding) {
      return static_cast<double>(holding.memory.*kind) / kMebibyte;
    };
  };
  const auto add = [&](const char* name, std::uint64_t ServerMemory::* kind, Better better) {
    add_holding(result, record, {.name = name, .unit = "MiB", .better = better, .samples = {}},
                mebibytes(kind));
  };
  add("user_held", &ServerMemory::anonymous, Better::kLower);
  add("resident_held", &ServerMemory::resident, Better::kLower);
  add("proportional_held", &ServerMemory::proportional, Better::kLower);
  add("kernel_held_both_ends", &ServerMemory::kernel, Better::kNeither);

  const Growth growth = growth_of(record, mebibytes(&ServerMemory::anonymous));
  result.metrics.push_back({.name = "user_growth",
                            .unit = "MiB/h",
                            .value = growth.per_hour,
                            .better = Better::kLower,
                            .samples = {}});
  judge_growth(result, "user memory in MiB", growth, options, options.memory_allowance);
}

void add_open_files(Result& result, const Record& record, const Options& options) {
  const Amount count = [](const Holding& holding) {
    return static_cast<double>(holding.open_files);
  };
  add_holding(result, record,
              {.name = "open_files", .unit = "files", .better = Better::kLower, .samples = {}},
              count);
  // Whoever is on the way back has none for a moment.
  judge_growth(result, "open files", growth_of(record, count), options,
               static_cast<double>(options.churn_clients));
}

void add_slice_latencies(Result& result, std::string name, const Histogram& whole,
                         const std::vector<Histogram>& slices) {
  if (whole.empty()) return;
  const auto p99_us = [](const Histogram& histogram) {
    return static_cast<double>(histogram.percentile(99)) / 1e3;
  };
  Metric metric{.name = std::move(name),
                .unit = "us",
                .value = p99_us(whole),
                .better = Better::kLower,
                .samples = {}};
  for (const Histogram& slice : slices) {
    if (!slice.empty()) metric.samples.push_back(p99_us(slice));
  }
  result.metrics.push_back(std::move(metric));
}

}  // namespace

void add_soak_figures(Result& result, const Setup& setup, const Record& record, bool server_known) {
  const Outcome& outcome = record.outcome;
  add_slice_latencies(result, "push_p99", outcome.push, outcome.push_slices);
  add_slice_latencies(result, "delivery_p99", outcome.delivery, outcome.delivery_slices);
  if (!server_known) return;
  add_memory(result, record, setup.options);
  add_open_files(result, record, setup.options);
}

}  // namespace load
