#include "bench/load/trend.h"

namespace load {
namespace {

Measurement mean_of(std::span<const Measurement> points) {
  Measurement sum;
  for (const Measurement& point : points) {
    sum.at_s += point.at_s;
    sum.value += point.value;
  }
  const auto count = static_cast<double>(points.size());
  return {.at_s = sum.at_s / count, .value = sum.value / count};
}

}  // namespace

double slope_of(std::span<const Measurement> points) {
  if (points.size() < 2) return 0;
  // Around the means: hours of seconds squared would otherwise cancel what is looked for.
  const Measurement mean = mean_of(points);
  double products = 0;
  double squares = 0;
  for (const Measurement& point : points) {
    products += (point.at_s - mean.at_s) * (point.value - mean.value);
    squares += (point.at_s - mean.at_s) * (point.at_s - mean.at_s);
  }
  return squares > 0 ? products / squares : 0;
}

Growth second_half_growth(std::span<const Measurement> points) {
  if (points.size() < 2) return {};
  const auto later = points.subspan((points.size() - 1) / 2);
  const double slope = slope_of(later);
  const double gained = slope * (later.back().at_s - later.front().at_s);
  const double mean = mean_of(later).value;
  return {
      .per_hour = slope * 3'600, .gained = gained, .percent = mean > 0 ? 100 * gained / mean : 0};
}

}  // namespace load
