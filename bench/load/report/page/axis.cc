#include "bench/load/report/page/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace load {
namespace {

constexpr std::array kOneTwoFive = {1.0, 2.0, 5.0};

// A value that misses a round one by less than a rounding error counts as it.
constexpr double kSlack = 1 + 1e-9;

// The round values 1, 2, 5, 10, … from the last at or below `from` to the first at or above `to`;
// at least two.
std::vector<double> round_values(double from, double to) {
  std::vector<double> values;
  for (int decade = static_cast<int>(std::floor(std::log10(from))) - 1;; ++decade) {
    for (const double mantissa : kOneTwoFive) {
      const double value = mantissa * std::pow(10.0, decade);
      if (value <= from * kSlack) values.clear();
      values.push_back(value);
      if (value * kSlack >= to && values.size() > 1) return values;
    }
  }
}

bool is_power_of_ten(double value) {
  const double exponent = std::log10(value);
  return std::abs(exponent - std::round(exponent)) < 1e-6;
}

double round_up(double value) {
  const std::vector<double> around = round_values(value, value);
  return around[0] * kSlack >= value ? around[0] : around[1];
}

// Every other value, from the first on.
std::vector<double> thin_out(const std::vector<double>& values) {
  std::vector<double> kept;
  for (std::size_t i = 0; i < values.size(); i += 2) kept.push_back(values[i]);
  return kept;
}

// What is no number counts as absent; what is close to the end of all numbers, as the end.
double within_reason(double value, double otherwise) {
  constexpr double kLargest = 1e300;
  return std::isfinite(value) ? std::clamp(value, -kLargest, kLargest) : otherwise;
}

bool has_logarithm(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

Axis Axis::linear(double from, double to) {
  from = within_reason(from, 0);
  to = within_reason(to, from);
  if (to <= from) to = from + std::max(1.0, std::abs(from) / 10);
  const double step = round_up((to - from) / (kTicksMax - 2));
  Axis axis;
  axis.from_ = std::floor(from / step + 1e-9) * step;
  axis.to_ = std::ceil(to / step - 1e-9) * step;
  const auto count = static_cast<std::size_t>(std::lround((axis.to_ - axis.from_) / step));
  for (std::size_t i = 0; i <= count; ++i)
    axis.ticks_.push_back(axis.from_ + static_cast<double>(i) * step);
  return axis;
}

Axis Axis::logarithmic(double from, double to) {
  if (!has_logarithm(from)) from = has_logarithm(to) ? to : 1;
  if (!has_logarithm(to)) to = from;
  Axis axis;
  axis.is_logarithmic_ = true;
  axis.ticks_ = round_values(from, std::max(from, to));
  axis.from_ = axis.ticks_.front();
  axis.to_ = axis.ticks_.back();
  if (axis.ticks_.size() > kTicksMax)
    std::erase_if(axis.ticks_, [](double tick) { return !is_power_of_ten(tick); });
  while (axis.ticks_.size() > kTicksMax) axis.ticks_ = thin_out(axis.ticks_);
  return axis;
}

Axis Axis::fixed(double from, double to, std::vector<double> ticks) {
  Axis axis;
  axis.from_ = from;
  axis.to_ = to;
  axis.ticks_ = std::move(ticks);
  return axis;
}

double Axis::share(double value) const {
  if (std::isnan(value)) return 0;
  const double inside = std::clamp(value, from_, to_);
  const double share = is_logarithmic_ ? std::log(inside / from_) / std::log(to_ / from_)
                                       : (inside - from_) / (to_ - from_);
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace load
