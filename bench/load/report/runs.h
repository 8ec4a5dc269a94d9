// Results sorted into rows and targets, and the repetitions of one target in one row taken
// together: histograms merged, counts summed, figures by their median.
//
// Owner: the page.   Thread: one.   Bound: none. Borrows the results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/report/result.h"

namespace load {

struct TargetRuns {
  std::string target;
  std::size_t series = 0;  // The target's place among all targets of the report.
  bool is_subject = false;
  std::vector<const Result*> repetitions;

  [[nodiscard]] std::vector<const Metric*> metrics(const std::string& name) const;
  [[nodiscard]] std::optional<double> median_of(const std::string& metric) const;
  [[nodiscard]] Histogram latency(const std::string& name) const;
  [[nodiscard]] std::uint64_t count_of(const std::string& check) const;
};

struct RowRuns {
  std::string label;
  std::vector<TargetRuns> targets;  // In the order of their series.

  // In the order in which the targets' first repetitions name them, each name once.
  [[nodiscard]] std::vector<const Metric*> metrics() const;
  [[nodiscard]] std::vector<const Latency*> latencies() const;
};

struct Runs {
  std::vector<std::string> targets;  // The subject first, then in the order of their first result.
  std::vector<RowRuns> rows;         // In the order of their first result.
};

[[nodiscard]] Runs sort_runs(const std::vector<Result>& results, const std::string& subject);

}  // namespace load
