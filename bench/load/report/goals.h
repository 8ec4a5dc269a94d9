// What a subject must reach, row by row: a TOML file with one table per label.
//
//   ["fanout 1000"]
//   limit-ring = 1.05           # at most 1.05 times what limit-ring needs
//   value = 400                 # at most 400 of the row's own unit
//   dunlin-plain.limit = 1.03   # the same for another subject than the one that is asked for
//
// Owner: main.   Thread: one.   Bound: none.
#pragma once

#include <expected>
#include <map>
#include <string>

namespace load {

struct Goal {
  std::map<std::string, double> ratios_max;  // By the target that is divided by.
  double value_max = 0;                      // 0: none.
};

using RowGoals = std::map<std::string, Goal>;   // By subject; "": the one that is asked for.
using Goals = std::map<std::string, RowGoals>;  // By label.

// An empty path gives no goals.
std::expected<Goals, std::string> read_goals(const std::string& path);

}  // namespace load
