// Maps values to shares of a drawing's width or height, and chooses the values to write at it.
// The borders are moved outwards to round values; a border that is no finite number counts as
// absent.
//
// Owner: a chart.   Thread: any (immutable).   Bound: kTicksMax ticks.
#pragma once

#include <cstddef>
#include <vector>

namespace load {

class Axis {
 public:
  static constexpr std::size_t kTicksMax = 7;

  static Axis linear(double from, double to);
  // What is not positive counts as absent, too.
  static Axis logarithmic(double from, double to);
  // Exactly these borders, a tick at each of the values.
  static Axis fixed(double from, double to, std::vector<double> ticks);

  // 0 at the lower border, 1 at the upper; what lies outside is drawn at the border.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }
  [[nodiscard]] double from() const { return from_; }
  [[nodiscard]] double to() const { return to_; }

 private:
  double from_ = 0;
  double to_ = 1;
  bool is_logarithmic_ = false;
  std::vector<double> ticks_;
};

}  // namespace load
