// What one run of a scenario found: metrics, latencies, checks and warnings, by name. The text
// summary, the JSON file, comparisons and tables all work on this, so a new metric needs no new
// code in any of them.
//
// Owner: main.   Thread: one.   Bound: none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/histogram.h"

namespace load {

enum class Better : std::uint8_t { kLower, kHigher, kNeither };

struct Metric {
  std::string name;
  std::string unit;
  double value = 0;
  Better better = Better::kNeither;
  std::vector<double> samples;  // The same figure for each slice of the run: its noise.
};

struct Latency {
  std::string name;
  std::string meaning;  // From what to what.
  Histogram histogram;  // Nanoseconds.
};

struct Check {
  std::string name;
  std::uint64_t count = 0;
  bool must_be_zero = false;
};

struct Result {
  std::string scenario;
  std::string target;
  std::string label;       // What a table puts into one row; empty: the scenario's name.
  std::string started_at;  // UTC.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::pair<std::string, std::string>> machine;
  std::vector<Metric> metrics;
  std::vector<Latency> latencies;
  std::vector<Check> checks;
  std::vector<std::string> exceeded;  // Bounds that the run was given and did not keep, in words.
  std::vector<std::string> warnings;

  // No message lost, duplicated, reordered or damaged, nothing refused.
  [[nodiscard]] bool is_sound() const {
    for (const Check& check : checks) {
      if (check.must_be_zero && check.count != 0) return false;
    }
    return true;
  }
  [[nodiscard]] bool has_passed() const { return is_sound() && exceeded.empty(); }
};

}  // namespace load
