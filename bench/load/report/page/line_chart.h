// Curves over a common grid as an SVG that is as wide as its place: text and points keep their
// size, only the curves stretch.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bench/load/report/page/axis.h"

namespace load {

struct Point {
  double x = 0;
  double y = 0;
};

// A point that is marked and says what it is.
struct Landmark {
  Point at;
  std::string text;
};

struct Series {
  std::size_t index = 0;  // Of series_class().
  bool is_subject = false;
  std::vector<Point> points;
  std::vector<Landmark> landmarks;
};

struct LineChart {
  std::string id;  // Unique within the page.
  std::string title;
  std::string description;
  Axis x;
  Axis y;
  std::string x_name;                         // What the x axis is about.
  std::function<std::string(double)> x_text;  // What is written at a tick.
  std::function<std::string(double)> y_text;
  std::vector<Series> series;
};

[[nodiscard]] std::string to_svg(const LineChart& chart);

}  // namespace load
