#include "bench/load/report/page/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

// Heights in pixels; what goes from left to right is in shares of the width.
constexpr int kRowHeight = 44;
constexpr int kTextBase = 15;
constexpr int kBarTop = 22;
constexpr int kBarHeight = 11;
constexpr int kBarMiddle = kBarTop + kBarHeight / 2;
constexpr int kFootHeight = 14;  // For the name of the reference line.
constexpr int kFootBase = 8;
constexpr double kRightMargin = 1.02;  // Room for the outermost dot.

using Out = std::back_insert_iterator<std::string>;

double value_max_of(const BarChart& chart) {
  double largest = 0;
  const auto include = [&](double value) {
    if (std::isfinite(value)) largest = std::max(largest, value);
  };
  if (chart.reference) include(chart.reference->value);
  for (const Bar& bar : chart.bars) {
    include(bar.value);
    for (const double goal : bar.goals) include(goal);
    for (const double value : bar.repetitions) include(value);
  }
  return largest > 0 ? largest * kRightMargin : 1;
}

// What is negative, such as memory that shrank, or no number, stands at zero.
double share_of(double value, double value_max) {
  return std::isfinite(value) ? std::clamp(value / value_max, 0.0, 1.0) : 0;
}

std::string place_of(double value, double value_max) {
  return share_percent(share_of(value, value_max));
}

std::string describe(const BarChart& chart) {
  std::string out;
  for (const Bar& bar : chart.bars) {
    fmt::format_to(Out(out), "{}{}: {} {}", out.empty() ? "" : "; ", bar.name,
                   format_number(bar.value), chart.unit);
    for (const double goal : bar.goals)
      fmt::format_to(Out(out), ", goal at most {}", format_number(goal));
  }
  return out;
}

void append_repetitions(std::string& out, const BarChart& chart, const Bar& bar, double value_max) {
  if (bar.repetitions.size() < 2) return;
  const auto [low, high] = std::ranges::minmax(bar.repetitions);
  fmt::format_to(Out(out), "<line class=\"whisker\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>",
                 place_of(low, value_max), place_of(high, value_max), kBarMiddle, kBarMiddle);
  for (const double value : bar.repetitions) {
    fmt::format_to(Out(out),
                   "<circle class=\"repetition\" cx=\"{}\" cy=\"{}\" r=\"3\">"
                   "<title>{}, one repetition: {} {}</title></circle>",
                   place_of(value, value_max), kBarMiddle, escape(bar.name), format_number(value),
                   escape(chart.unit));
  }
}

void append_text(std::string& out, const Bar& bar) {
  const std::string note =
      bar.note.empty() ? "" : fmt::format("<tspan class=\"note\">{}</tspan>   ", escape(bar.note));
  fmt::format_to(Out(out),
                 "<text class=\"name\" x=\"0\" y=\"{0}\">{1}</text>"
                 "<text x=\"100%\" y=\"{0}\" text-anchor=\"end\" xml:space=\"preserve\">{2}"
                 "<tspan class=\"value\">{3}</tspan>{4}</text>",
                 kTextBase, escape(bar.name), note, format_number(bar.value),
                 bar.is_sound ? "" : " <tspan class=\"missed\">(!)</tspan>");
}

void append_bar(std::string& out, const BarChart& chart, const Bar& bar, double value_max) {
  fmt::format_to(Out(out),
                 "<rect class=\"bar {}\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\">"
                 "<title>{}: {} {}</title></rect>",
                 series_class(bar.series), kBarTop, place_of(bar.value, value_max), kBarHeight,
                 escape(bar.name), format_number(bar.value), escape(chart.unit));
}

// A drawing of its own, so that a shape in pixels can stand at a share of the width.
void append_goal(std::string& out, double goal, double value_max) {
  fmt::format_to(Out(out),
                 "<svg class=\"goal-mark\" x=\"{}\" y=\"{}\" overflow=\"visible\">"
                 "<path class=\"halo\" d=\"M0 -2v{}\"/><path class=\"stem\" d=\"M0 -2v{}\"/>"
                 "<path class=\"tip\" d=\"M0 {}l5 7h-10z\"/><title>goal: at most {}</title></svg>",
                 place_of(goal, value_max), kBarTop, kBarHeight + 4, kBarHeight + 4, kBarHeight + 1,
                 format_number(goal));
}

// At each bar a piece of the line: it leaves the texts between them readable.
void append_reference(std::string& out, const ReferenceLine& reference, std::size_t bar_count,
                      double value_max) {
  const double share = share_of(reference.value, value_max);
  for (std::size_t i = 0; i < bar_count; ++i) {
    const int top = static_cast<int>(i) * kRowHeight + kBarTop;
    fmt::format_to(Out(out),
                   "<line class=\"reference\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>",
                   share_percent(share), top - 3, top + kBarHeight + 3);
  }
  fmt::format_to(Out(out),
                 "<text class=\"reference-name\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>",
                 share_percent(share), static_cast<int>(bar_count) * kRowHeight + kFootBase,
                 share > 0.8   ? "end"
                 : share < 0.2 ? "start"
                               : "middle",
                 escape(reference.name));
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  const double value_max = value_max_of(chart);
  const int height = static_cast<int>(chart.bars.size()) * kRowHeight + kFootHeight;
  std::string out = fmt::format(
      "<svg class=\"bars\" role=\"img\" aria-labelledby=\"{0}-t {0}-d\" width=\"100%\" "
      "height=\"{1}\"><title id=\"{0}-t\">{2}</title><desc id=\"{0}-d\">{3}</desc>",
      escape(chart.id), height, escape(chart.title), escape(describe(chart)));
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const Bar& bar = chart.bars[i];
    fmt::format_to(Out(out), "<g{} transform=\"translate(0 {})\">",
                   bar.is_subject ? " class=\"subject\"" : "", i * kRowHeight);
    append_text(out, bar);
    append_bar(out, chart, bar, value_max);
    append_repetitions(out, chart, bar, value_max);
    for (const double goal : bar.goals) append_goal(out, goal, value_max);
    out += "</g>";
  }
  if (chart.reference) append_reference(out, *chart.reference, chart.bars.size(), value_max);
  return out + "</svg>";
}

}  // namespace load
