#include "bench/load/report/page/holdings_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "bench/load/report/page/legend.h"
#include "bench/load/report/page/line_chart.h"
#include "bench/load/report/page/markup.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

bool is_holding(const Metric& metric) {
  return metric.samples.size() > 1 && (metric.unit == "MiB" || metric.unit == "files");
}

// The x axis: what it counts, and how much of that is the whole run.
struct Span {
  std::string name;
  double length = 0;
};

// In the largest unit of which the run has a few. A run that lasted as long as it took counts
// rounds.
Span span_of(const Result& result, const Metric& metric) {
  for (const auto& [name, value] : result.parameters) {
    const double seconds = std::strtod(value.c_str(), nullptr);
    if (name != "duration_s" || !(seconds > 0)) continue;
    if (seconds > 3 * 3600) return {.name = "hours", .length = seconds / 3600};
    if (seconds > 3 * 60) return {.name = "minutes", .length = seconds / 60};
    return {.name = "seconds", .length = seconds};
  }
  return {.name = "round", .length = static_cast<double>(metric.samples.size() - 1)};
}

// The first sample is that of the beginning, the last that of the end.
void add_series(LineChart& chart, const TargetRuns& target, const Metric& metric, double width) {
  Series series{
      .index = target.series, .is_subject = target.is_subject, .points = {}, .landmarks = {}};
  const double step = width / static_cast<double>(metric.samples.size() - 1);
  for (std::size_t i = 0; i < metric.samples.size(); ++i)
    series.points.push_back({.x = step * static_cast<double>(i), .y = metric.samples[i]});
  for (const Point& end : {series.points.front(), series.points.back()}) {
    series.landmarks.push_back(
        {.at = end,
         .text = fmt::format("{}: {} {}", target.target, format_number(end.y), metric.unit)});
  }
  fmt::format_to(Out(chart.description), "{}{}: from {} to {} {}",
                 chart.description.empty() ? "" : "; ", target.target,
                 format_number(series.points.front().y), format_number(series.points.back().y),
                 metric.unit);
  chart.series.push_back(std::move(series));
}

LineChart chart_of(const RowRuns& row, const Metric& metric) {
  LineChart chart;
  chart.title = fmt::format("{}: {} over time", row.label, metric.name);
  const Span span = span_of(*row.targets.front().repetitions.front(), metric);
  double high = 0;
  for (const TargetRuns& target : row.targets) {
    for (const Metric* repetition : target.metrics(metric.name)) {
      if (!is_holding(*repetition)) continue;
      add_series(chart, target, *repetition, span.length);
      high = std::max(high, std::ranges::max(repetition->samples));
    }
  }
  std::vector<double> ticks = Axis::linear(0, span.length).ticks();
  std::erase_if(ticks, [&](double tick) { return tick > span.length; });
  chart.x = Axis::fixed(0, span.length, std::move(ticks));
  chart.y = Axis::linear(0, high);
  chart.x_name = span.name;
  chart.x_text = format_number;
  chart.y_text = format_number;
  return chart;
}

}  // namespace

std::string holdings_section(const Runs& runs) {
  std::string cards;
  std::size_t number = 0;
  for (const RowRuns& row : runs.rows) {
    for (const Metric* metric : row.metrics()) {
      if (!is_holding(*metric)) continue;
      LineChart chart = chart_of(row, *metric);
      chart.id = fmt::format("holding-{}", ++number);
      fmt::format_to(Out(cards),
                     "<article class=\"card\"><h3>{}</h3><p class=\"sub\">{}, {}</p>{}{}</article>",
                     escape(row.label), escape(metric->name), escape(metric->unit),
                     legend(row.targets), to_svg(chart));
    }
  }
  if (cards.empty()) return {};
  return "<section id=\"holdings\"><h2>What servers hold on to</h2>"
         "<p class=\"lead\">Memory and open files while time passes, from the beginning of the "
         "recorded time to its end, or from round to round. <strong>Flat is better</strong>: a "
         "line that keeps rising is a leak.</p><div class=\"cards\">" +
         cards + "</div></section>";
}

}  // namespace load
