// A line as small as a word: the slices of a run, each repetition a stroke of its own. It only
// decorates the figures beside it, so it is hidden from who cannot see it.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace load {

struct Sparkline {
  std::size_t series = 0;  // Of series_class().
  std::vector<std::vector<double>> strokes;
  double low = 0;  // What is drawn at the bottom and at the top.
  double high = 1;
};

[[nodiscard]] std::string to_svg(const Sparkline& line);

}  // namespace load
