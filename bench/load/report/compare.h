// Two results of the same scenario side by side: ratios, and what got worse beyond noise.
//
// A figure counts as changed when it moved by more than both results' own noise and by more than
// kSmallestChange. Noise is the spread of a figure's slices; latencies have no slices and are
// judged by a wider margin.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/report/result.h"

namespace load {

enum class Verdict : std::uint8_t { kSame, kBetter, kWorse };

struct ComparedFigure {
  std::string name;
  std::string unit;
  double before = 0;
  double after = 0;
  double noise_percent = 0;
  Verdict verdict = Verdict::kSame;
};

struct Comparison {
  std::string title;
  std::vector<ComparedFigure> figures;
  std::vector<std::string> remarks;  // Why the comparison may mislead.
  std::size_t worse_count = 0;
};

[[nodiscard]] Comparison compare(const Result& before, const Result& after);
[[nodiscard]] std::string to_text(const Comparison& comparison);

}  // namespace load
