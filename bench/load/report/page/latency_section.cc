#include "bench/load/report/page/latency_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "bench/load/report/page/legend.h"
#include "bench/load/report/page/markup.h"
#include "bench/load/report/table.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr double kPointsPerNine = 24;
constexpr std::array kPercentiles = {50.0, 90.0, 99.0, 99.9, 99.99, 99.999};

double nines_of(double percent) { return -std::log10(1 - percent / 100); }
double percent_of(double nines) { return 100 * (1 - std::pow(10.0, -nines)); }

// The percentile that the nines were made of; without a "p", as they stand close together.
std::string percentile_name(double nines) {
  for (const double percent : kPercentiles) {
    if (std::abs(nines_of(percent) - nines) < 1e-6) return fmt::format("{}", percent);
  }
  return {};
}

double duration_at(const Histogram& histogram, double percent) {
  return static_cast<double>(std::max<std::uint64_t>(histogram.percentile(percent), 1));
}

LineChart chart_of(const RowRuns& row, const Latency& latency) {
  LineChart chart;
  chart.title = fmt::format("{}: percentiles of {}", row.label, latency.name);
  double nines_max = 1;
  double low = INFINITY;
  double high = 1;
  for (const TargetRuns& target : row.targets) {
    const Histogram histogram = target.latency(latency.name);
    if (histogram.empty()) continue;
    Series series = percentile_curve(histogram, target.target);
    series.index = target.series;
    series.is_subject = target.is_subject;
    nines_max = std::max(nines_max, series.points.back().x);
    low = std::min(low, series.points.front().y);
    high = std::max(high, series.points.back().y);
    fmt::format_to(Out(chart.description), "{}{}: median {}, p99 {}, maximum {}",
                   chart.description.empty() ? "" : "; ", target.target,
                   format_duration(duration_at(histogram, 50)),
                   format_duration(duration_at(histogram, 99)),
                   format_duration(series.points.back().y));
    chart.series.push_back(std::move(series));
  }
  std::vector<double> ticks;
  for (const double percent : kPercentiles) {
    if (nines_of(percent) <= nines_max) ticks.push_back(nines_of(percent));
  }
  chart.x = Axis::fixed(0, nines_max, std::move(ticks));
  chart.y = Axis::logarithmic(std::min(low, high), high);
  chart.x_name = "percentile";
  chart.x_text = percentile_name;
  chart.y_text = format_duration;
  return chart;
}

std::string card(const RowRuns& row, const Latency& latency, const std::string& id) {
  LineChart chart = chart_of(row, latency);
  chart.id = id;
  return fmt::format("<article class=\"card\"><h3>{}</h3><p class=\"sub\">{}: {}</p>{}{}</article>",
                     escape(row.label), escape(latency.name), escape(latency.meaning),
                     legend(row.targets), to_svg(chart));
}

}  // namespace

Series percentile_curve(const Histogram& histogram, const std::string& name) {
  Series series;
  const double nines_max =
      std::log10(static_cast<double>(std::max<std::uint64_t>(histogram.count(), 2)));
  for (double step = 0; step / kPointsPerNine < nines_max; ++step) {
    const double nines = step / kPointsPerNine;
    series.points.push_back({.x = nines, .y = duration_at(histogram, percent_of(nines))});
  }
  const Point end{.x = nines_max, .y = duration_at(histogram, 100)};
  series.points.push_back(end);
  for (const double percent : kPercentiles) {
    if (nines_of(percent) >= nines_max) continue;
    const double value = duration_at(histogram, percent);
    series.landmarks.push_back(
        {.at = {.x = nines_of(percent), .y = value},
         .text = fmt::format("{} p{}: {}", name, percent, format_duration(value))});
  }
  series.landmarks.push_back(
      {.at = end, .text = fmt::format("{} maximum: {}", name, format_duration(end.y))});
  return series;
}

std::string latency_section(const Runs& runs) {
  std::string main_cards;
  std::string other_cards;
  std::size_t number = 0;
  for (const RowRuns& row : runs.rows) {
    const Latency* main = main_latency_of(*row.targets.front().repetitions.front());
    for (const Latency* latency : row.latencies()) {
      const bool is_main = main != nullptr && latency->name == main->name;
      (is_main ? main_cards : other_cards) +=
          card(row, *latency, fmt::format("latency-{}", ++number));
    }
  }
  if (number == 0) return {};
  std::string out = fmt::format(
      "<section id=\"latency\"><h2>How long messages take</h2>"
      "<p class=\"lead\">The time within which a share of all messages arrived, all repetitions "
      "together. Each step to the right is ten times rarer: p99 is the slowest in a hundred; a "
      "curve ends at the slowest of all. <strong>Lower is better</strong>, and flat is better "
      "than steep. Both axes are logarithmic; point at a dot for its figure.</p>"
      "<div class=\"cards\">{}</div>",
      main_cards);
  if (!other_cards.empty()) {
    fmt::format_to(Out(out),
                   "<details><summary>Other latencies: handshakes, HTTP answers, the harness "
                   "itself</summary><div class=\"cards\">{}</div></details>",
                   other_cards);
  }
  return out + "</section>";
}

}  // namespace load
