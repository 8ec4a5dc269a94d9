// Horizontal bars from zero, one for each target, as an SVG that is as wide as its place: each bar
// under its name and figure, a dot for each repetition, a line at the reference, a mark at the
// goal. Less than nothing is drawn as nothing.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace load {

struct Bar {
  std::string name;
  std::size_t series = 0;  // Of series_class().
  bool is_subject = false;
  double value = 0;
  bool is_sound = true;  // Else the value carries a mark.
  std::vector<double> repetitions;
  std::string note;           // Beside the value.
  std::vector<double> goals;  // The bar should end at or before each.
};

struct ReferenceLine {
  std::string name;
  double value = 0;
};

struct BarChart {
  std::string id;  // Unique within the page.
  std::string title;
  std::string unit;
  std::vector<Bar> bars;
  std::optional<ReferenceLine> reference;
};

[[nodiscard]] std::string to_svg(const BarChart& chart);

}  // namespace load
