// Many results side by side: a row for each label, the median of each target's repetitions, the
// subject's ratio to every other target, and whether goals were reached: its own, and those of
// other subjects that the goals name.
//
// A goal is missed, too, where a result that it is judged by is not sound: who loses messages needs
// less. It cannot be measured where its row was run, but a figure for it is missing.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
  bool is_sound = true;        // Of both.
  [[nodiscard]] bool is_missed() const { return goal && (!is_sound || value > *goal); }
};

// How a subject does in a row.
struct Standing {
  double value = 0;
  std::optional<double> value_goal;     // At most this.
  bool is_sound = true;                 // Of its own.
  std::map<std::string, Ratio> ratios;  // To each other target.
  [[nodiscard]] bool is_value_missed() const {
    return value_goal && (!is_sound || value > *value_goal);
  }
  [[nodiscard]] bool is_any_missed() const;
};

// A goal without a figure to judge it by.
struct UnmeasuredGoal {
  std::string subject;
  std::string reference;  // What it is a ratio to; empty: it is none.
};

// How often each check that must be zero was not, over all repetitions.
using Faults = std::map<std::string, std::uint64_t>;

struct Row {
  std::string label;
  std::string unit;                                   // Empty: no result has a headline.
  std::string meaning;                                // …
  std::map<std::string, std::vector<double>> values;  // By target, one for each repetition.
  std::map<std::string, Standing> standings;          // By subject.
  std::vector<UnmeasuredGoal> unmeasured;
  std::map<std::string, Faults> faults;  // By target; of those that are not sound.
  std::vector<std::pair<std::string, std::string>> exceeded;  // Target, and which bound.

  [[nodiscard]] bool is_sound(const std::string& target) const { return !faults.contains(target); }
};

struct Table {
  std::string subject;
  std::vector<std::string> targets;   // The subject, then in the order of their first result.
  std::vector<std::string> subjects;  // `subject`, then the others with goals.
  std::vector<Row> rows;              // In the order of their first result.
  std::size_t reached_count = 0;      // Goals of these rows; each is one of three.
  std::size_t missed_count = 0;
  std::size_t unmeasured_count = 0;

  // All goals are reached, and the subject is sound and within its bounds.
  [[nodiscard]] bool has_passed() const;
};

// "lost 3, refused 12".
[[nodiscard]] std::string to_text(const Faults& faults);
// "dunlin / limit"; of a goal that is no ratio "dunlin".
[[nodiscard]] std::string to_text(const UnmeasuredGoal& goal);

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] Table tabulate(std::vector<Result> results, const std::string& subject,
                             const Goals& goals);
[[nodiscard]] std::string to_text(const Table& table);

}  // namespace load
