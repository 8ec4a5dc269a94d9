#include "bench/load/report/page/ratio_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "bench/load/report/page/axis.h"
#include "bench/load/report/page/markup.h"

namespace load {
namespace {

// Pixels from top to bottom; shares of the width from left to right.
constexpr int kHead = 20;  // For the texts of the axis.
constexpr int kLineHeight = 38;
constexpr int kTextBase = 12;
constexpr int kTrack = 23;
constexpr double kLeft = 0.03;
constexpr double kWidth = 0.94;

using Out = std::back_insert_iterator<std::string>;

Axis axis_of(const RatioChart& chart) {
  double low = 1;
  double high = 1;
  for (const RatioLine& line : chart.lines) {
    for (const RatioMark& mark : line.marks) {
      low = std::min({low, mark.ratio, mark.goal.value_or(low)});
      high = std::max({high, mark.ratio, mark.goal.value_or(high)});
    }
  }
  return Axis::logarithmic(std::max(low, 1e-6), high * 1.02);
}

std::string x_of(const Axis& axis, double ratio) {
  return share_percent(kLeft + kWidth * axis.share(ratio));
}

std::string describe(const RatioChart& chart) {
  std::string out;
  for (const RatioLine& line : chart.lines) {
    fmt::format_to(Out(out), "{}{}:", out.empty() ? "" : "; ", line.label);
    for (const RatioMark& mark : line.marks)
      fmt::format_to(Out(out), " {:.3f} × {}", mark.ratio, mark.target);
  }
  return out;
}

void append_grid(std::string& out, const Axis& axis, int height) {
  for (const double tick : axis.ticks()) {
    fmt::format_to(
        Out(out),
        "<line class=\"{0}\" x1=\"{1}\" x2=\"{1}\" y1=\"{2}\" y2=\"{3}\"/>"
        "<text class=\"tick\" x=\"{1}\" y=\"{4}\" text-anchor=\"middle\">{5:.4g}×</text>",
        tick > 0.99 && tick < 1.01 ? "even" : "grid", x_of(axis, tick), kHead - 4, height,
        kTextBase, tick);
  }
}

void append_mark(std::string& out, const Axis& axis, const RatioChart& chart, const RatioLine& line,
                 const RatioMark& mark) {
  const std::string what =
      fmt::format("{}: {} needs {:.3f} × {}", line.label, chart.subject, mark.ratio, mark.target);
  // Drawings of their own, so that shapes in pixels can stand at a share of the width.
  if (mark.goal) {
    fmt::format_to(Out(out),
                   "<svg class=\"ratio-goal {}\" x=\"{}\" y=\"{}\" overflow=\"visible\">"
                   "<path d=\"M0 -9v15\"/><path class=\"tip\" d=\"M0 6l4 6h-8z\"/>"
                   "<title>goal: at most {} × {}</title></svg>",
                   series_class(mark.series), x_of(axis, *mark.goal), kTrack, *mark.goal,
                   escape(mark.target));
  }
  fmt::format_to(Out(out),
                 "<svg class=\"ratio {}\" x=\"{}\" y=\"{}\" overflow=\"visible\">"
                 "<path d=\"{}\"/><title>{}</title></svg>",
                 series_class(mark.series), x_of(axis, mark.ratio), kTrack,
                 series_symbol(mark.series), escape(what));
}

void append_line(std::string& out, const Axis& axis, const RatioChart& chart,
                 const RatioLine& line) {
  fmt::format_to(Out(out),
                 "<line class=\"track\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>"
                 "<a href=\"#{1}\"><text x=\"0\" y=\"{2}\">{3}{4}</text></a>",
                 kTrack, escape(line.anchor), kTextBase, escape(line.label),
                 line.is_missed ? " <tspan class=\"missed\">✗ missed</tspan>" : "");
  for (const RatioMark& mark : line.marks) append_mark(out, axis, chart, line, mark);
}

}  // namespace

const char* series_symbol(std::size_t series) {
  static constexpr std::array<const char*, kSeriesMax> kSymbols = {
      "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
      "M-4.5-4.5h9v9h-9z",
      "M0-6l6 6l-6 6l-6-6z",
      "M0-6l6 10.5h-12z",
      "M0 6l6-10.5h-12z",
      "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
      "M-5.5-3l2.5-2.5l3 3l3-3l2.5 2.5l-3 3l3 3l-2.5 2.5l-3-3l-3 3l-2.5-2.5l3-3z",
      "M0-6l5.7 4.1l-2.2 6.7h-7l-2.2-6.7z"};
  return kSymbols[series % kSeriesMax];
}

std::string to_svg(const RatioChart& chart) {
  const Axis axis = axis_of(chart);
  const int height = kHead + static_cast<int>(chart.lines.size()) * kLineHeight;
  std::string out = fmt::format(
      "<svg class=\"ratios\" role=\"img\" aria-labelledby=\"{0}-t {0}-d\" width=\"100%\" "
      "height=\"{1}\"><title id=\"{0}-t\">{2}</title><desc id=\"{0}-d\">{3}</desc>",
      escape(chart.id), height, escape(chart.title), escape(describe(chart)));
  append_grid(out, axis, height);
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    fmt::format_to(Out(out), "<g transform=\"translate(0 {})\">", kHead + i * kLineHeight);
    append_line(out, axis, chart, chart.lines[i]);
    out += "</g>";
  }
  return out + "</svg>";
}

}  // namespace load
