// Many results side by side: a row for each label, the median of each target's repetitions, the
// subject's ratio to every other target, and whether goals were reached: its own, and those of
// other subjects that the goals name.
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

// The one figure of a result that its row is about; less is better.
struct Headline {
  std::string unit;     // Short, for a table.
  std::string meaning;  // What is counted, with its unit.
  double value = 0;
};

// Cost per unit of work; of an open loop the p99 of the latency; of hold the memory.
[[nodiscard]] std::optional<Headline> headline_of(const Result& result);

// The latency that a result is about: of messages where it sends them, else of connections; null
// where it has none.
[[nodiscard]] const Latency* main_latency_of(const Result& result);

struct Ratio {
  double value = 0;
  std::optional<double> goal;  // At most this.
  [[nodiscard]] bool is_missed() const { return goal && value > *goal; }
};

// How a subject does in a row.
struct Standing {
  double value = 0;
  std::optional<double> value_goal;     // At most this.
  std::map<std::string, Ratio> ratios;  // To each other target.
  [[nodiscard]] bool is_value_missed() const { return value_goal && value > *value_goal; }
  [[nodiscard]] bool is_any_missed() const;
};

struct Row {
  std::string label;
  std::string unit;
  std::string meaning;
  std::map<std::string, std::vector<double>> values;  // By target, one for each repetition.
  std::map<std::string, Standing> standings;          // By subject.
  bool is_sound = true;                               // Nothing lost, damaged or refused anywhere.
};

struct Table {
  std::string subject;
  std::vector<std::string> targets;   // The subject, then in the order of their first result.
  std::vector<std::string> subjects;  // `subject`, then the others with goals.
  std::vector<Row> rows;              // In the order of their first result.
  std::size_t reached_count = 0;      // Goals; those without results count as neither.
  std::size_t missed_count = 0;
};

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] Table tabulate(std::vector<Result> results, const std::string& subject,
                             const Goals& goals);
[[nodiscard]] std::string to_text(const Table& table);

}  // namespace load
