// Whether something grows: the straight line that fits a series of measurements best (least
// squares), and what that line gains over the second half of the series, where a server that only
// fills its caches has come to rest.
//
// Owner: none (functions and values).   Thread: any.   Bound: none of its own.
#pragma once

#include <span>

namespace load {

struct Measurement {
  double at_s = 0;
  double value = 0;
};

// Per second; 0 for fewer than two points, or for points of one instant.
[[nodiscard]] double slope_of(std::span<const Measurement> points);

struct Growth {
  double per_hour = 0;
  double gained = 0;   // Over the points looked at, along the line.
  double percent = 0;  // … of their mean.
};

// Of the later half of the points, the middle one included.
[[nodiscard]] Growth second_half_growth(std::span<const Measurement> points);

}  // namespace load
