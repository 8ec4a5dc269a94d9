#include "bench/load/report/page/line_chart.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/markup.h"

namespace load {
namespace {

// Pixels from top to bottom; shares of the width from left to right.
constexpr double kTop = 8;
constexpr double kPlotHeight = 200;
constexpr double kHeight = kTop + kPlotHeight + 24;
constexpr double kTextBase = kTop + kPlotHeight + 17;
constexpr double kLeft = 0.15;  // For the texts of the y axis.
constexpr double kWidth = 0.84;
constexpr double kStretched = 1000;  // The plot's width in the units of its curves.

using Out = std::back_insert_iterator<std::string>;

std::string x_of(const LineChart& chart, double x) {
  return share_percent(kLeft + kWidth * chart.x.share(x));
}

double y_of(const LineChart& chart, double y) {
  return kTop + kPlotHeight * (1 - chart.y.share(y));
}

void append_grid(std::string& out, const LineChart& chart) {
  for (const double tick : chart.y.ticks()) {
    fmt::format_to(Out(out),
                   "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
                   "<text x=\"{}\" dx=\"-6\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                   share_percent(kLeft), share_percent(kLeft + kWidth), y_of(chart, tick),
                   y_of(chart, tick), share_percent(kLeft), y_of(chart, tick) + 4,
                   escape(chart.y_text(tick)));
  }
  fmt::format_to(Out(out), "<text x=\"0\" y=\"{}\">{}</text>", kTextBase, escape(chart.x_name));
  for (const double tick : chart.x.ticks()) {
    const std::string x = x_of(chart, tick);
    fmt::format_to(Out(out),
                   "<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>"
                   "<text x=\"{0}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>",
                   x, kTop, kTop + kPlotHeight, kTextBase, escape(chart.x_text(tick)));
  }
}

void append_curve(std::string& out, const LineChart& chart, const Series& series) {
  fmt::format_to(Out(out),
                 "<polyline class=\"curve {}{}\" vector-effect=\"non-scaling-stroke\" points=\"",
                 series_class(series.index), series.is_subject ? " subject" : "");
  for (const Point& point : series.points) {
    fmt::format_to(Out(out), "{:.1f},{:.1f} ", kStretched * chart.x.share(point.x),
                   kPlotHeight * (1 - chart.y.share(point.y)));
  }
  out += "\"/>";
}

void append_landmarks(std::string& out, const LineChart& chart, const Series& series) {
  for (const Landmark& landmark : series.landmarks) {
    fmt::format_to(Out(out),
                   "<circle class=\"landmark {}\" cx=\"{}\" cy=\"{:.1f}\" "
                   "r=\"3.5\"><title>{}</title></circle>",
                   series_class(series.index), x_of(chart, landmark.at.x),
                   y_of(chart, landmark.at.y), escape(landmark.text));
  }
}

}  // namespace

std::string to_svg(const LineChart& chart) {
  std::string out = fmt::format(
      "<svg class=\"lines\" role=\"img\" aria-labelledby=\"{0}-t {0}-d\" width=\"100%\" "
      "height=\"{1}\"><title id=\"{0}-t\">{2}</title><desc id=\"{0}-d\">{3}</desc>",
      escape(chart.id), kHeight, escape(chart.title), escape(chart.description));
  append_grid(out, chart);
  fmt::format_to(Out(out),
                 "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" "
                 "preserveAspectRatio=\"none\" overflow=\"visible\">",
                 share_percent(kLeft), kTop, share_percent(kWidth), kPlotHeight, kStretched,
                 kPlotHeight);
  // Backwards, so that the first lies on top.
  for (auto series = chart.series.rbegin(); series != chart.series.rend(); ++series)
    append_curve(out, chart, *series);
  out += "</svg>";
  for (auto series = chart.series.rbegin(); series != chart.series.rend(); ++series)
    append_landmarks(out, chart, *series);
  return out + "</svg>";
}

}  // namespace load
