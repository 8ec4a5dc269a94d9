// All rows in one picture: how many times that of each other target the subject needs, as marks on
// a logarithmic scale around 1, with the goals below them. As wide as its place.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace load {

struct RatioMark {
  std::string target;
  std::size_t series = 0;  // Of series_class() and series_symbol().
  double ratio = 0;
  std::optional<double> goal;  // The mark should stand at or left of it.
};

struct RatioLine {
  std::string label;
  std::string anchor;      // Where the row stands within the page.
  bool is_missed = false;  // A goal of the subject, also one that is no ratio.
  std::vector<RatioMark> marks;
};

struct RatioChart {
  std::string id;  // Unique within the page.
  std::string title;
  std::string subject;
  std::vector<RatioLine> lines;
};

// The outline of a series' mark around the origin: it tells targets apart without colours.
[[nodiscard]] const char* series_symbol(std::size_t series);

[[nodiscard]] std::string to_svg(const RatioChart& chart);

}  // namespace load
