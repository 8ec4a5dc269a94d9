// Many results side by side: a row for each label, the median of each target's repetitions, the
// subject's ratio to every other target, and whether its goals were reached.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/report/goals.h"
#include "bench/load/report/result.h"

namespace load {

// The one figure of a result that its row is about.
struct Headline {
  std::string unit;
  double value = 0;
};

// Cost per unit of work; of an open loop the p99 of the latency; of hold the memory.
[[nodiscard]] std::optional<Headline> headline_of(const Result& result);

struct Ratio {
  double value = 0;
  std::optional<double> goal;  // At most this.
  [[nodiscard]] bool is_missed() const { return goal && value > *goal; }
};

struct Row {
  std::string label;
  std::string unit;
  std::map<std::string, std::vector<double>> values;  // By target, one for each repetition.
  std::map<std::string, Ratio> ratios;                // Subject to each other target.
  std::optional<double> value_goal;                   // Of the subject.
  bool is_sound = true;                               // Nothing lost, damaged or refused anywhere.
};

struct Table {
  std::string subject;
  std::vector<std::string> targets;
  std::vector<Row> rows;  // In the order of their first result.
  std::size_t missed_count = 0;
};

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] Table tabulate(std::vector<Result> results, const std::string& subject,
                             const Goals& goals);
[[nodiscard]] std::string to_text(const Table& table);

}  // namespace load
