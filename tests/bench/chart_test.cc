#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "bench/load/report/page/bar_chart.h"
#include "bench/load/report/page/latency_section.h"
#include "bench/load/report/page/line_chart.h"
#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/ratio_chart.h"
#include "bench/load/report/page/slices_section.h"
#include "bench/load/report/page/sparkline.h"

namespace load {
namespace {

const char* const kHostile = "<script>alert(\"1\")</script>&'";

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Markup, NothingGetsOutOfTextOrAttribute) {
  EXPECT_EQ(escape(kHostile), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
  EXPECT_EQ(escape("µs × 2"), "µs × 2");
}

TEST(Markup, DurationsStayShort) {
  EXPECT_EQ(format_duration(850), "850 ns");
  EXPECT_EQ(format_duration(12'345), "12.3 µs");
  EXPECT_EQ(format_duration(1'500'000), "1.50 ms");
  EXPECT_EQ(format_duration(2e9), "2 s");
}

TEST(Markup, SeriesComeAgain) {
  EXPECT_EQ(series_class(0), "t0");
  EXPECT_EQ(series_class(kSeriesMax + 1), "t1");
}

BarChart bars() {
  return {.id = "b",
          .title = "push",
          .unit = "us",
          .bars = {{.name = "dunlin",
                    .series = 0,
                    .is_subject = true,
                    .value = 5,
                    .repetitions = {4, 6, 5},
                    .note = "",
                    .goals = {7.5}},
                   {.name = "limit",
                    .series = 1,
                    .value = 10,
                    .repetitions = {10},
                    .note = "dunlin 0.500×",
                    .goals = {}}},
          .reference = ReferenceLine{.name = "limit", .value = 10}};
}

// The longest bar leaves two percent: 10 is at 100 / 1.02 percent.
TEST(BarChart, LengthsAreInProportion) {
  const std::string svg = to_svg(bars());
  EXPECT_NE(svg.find("width=\"49.02%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("width=\"98.04%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("class=\"goal-mark\" x=\"73.53%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("class=\"reference\" x1=\"98.04%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("class=\"whisker\" x1=\"39.22%\" x2=\"58.82%\""), std::string::npos) << svg;
}

TEST(BarChart, ADotForEachRepetitionWhereThereAreSeveral) {
  EXPECT_EQ(count_of(to_svg(bars()), "class=\"repetition\""), 3u);
}

TEST(BarChart, SaysEverythingInWords) {
  const std::string svg = to_svg(bars());
  EXPECT_NE(svg.find("<title id=\"b-t\">push</title>"), std::string::npos);
  EXPECT_NE(svg.find("<desc id=\"b-d\">dunlin: 5 us, goal at most 7.50; limit: 10 us</desc>"),
            std::string::npos)
      << svg;
  EXPECT_EQ(count_of(svg, "class=\"subject\""), 1u);
  EXPECT_NE(svg.find("dunlin 0.500×"), std::string::npos);
}

TEST(BarChart, OfNothingIsNoDivisionByIt) {
  BarChart chart = bars();
  chart.reference.reset();
  for (Bar& bar : chart.bars) bar = {.name = bar.name};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
  EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
}

TEST(BarChart, WhatIsLessThanNothingIsDrawnAsNothing) {
  BarChart chart = bars();
  chart.bars[0].value = -5;
  chart.bars[0].repetitions = {-6, -5, std::nan("")};
  const std::string svg = to_svg(chart);
  EXPECT_EQ(svg.find("\"-"), std::string::npos) << svg;
  EXPECT_EQ(svg.find("nan%"), std::string::npos) << svg;
  EXPECT_NE(svg.find("width=\"0%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("dunlin: -5 us"), std::string::npos) << "the words say what it is";
}

TEST(BarChart, WhatIsNotSoundIsMarked) {
  BarChart chart = bars();
  EXPECT_EQ(count_of(to_svg(chart), "(!)"), 0u);
  chart.bars[1].is_sound = false;
  EXPECT_EQ(
      count_of(to_svg(chart), "<tspan class=\"value\">10</tspan> <tspan class=\"missed\">(!)"), 1u);
}

TEST(BarChart, HostileNamesAreText) {
  BarChart chart = bars();
  chart.title = chart.unit = chart.id = chart.reference->name = kHostile;
  for (Bar& bar : chart.bars) bar.name = bar.note = kHostile;
  EXPECT_EQ(to_svg(chart).find("<script"), std::string::npos);
}

LineChart lines() {
  return {.id = "l",
          .title = "push",
          .description = "words",
          .x = Axis::fixed(0, 4, {0, 4}),
          .y = Axis::linear(0, 10),
          .x_name = "time",
          .x_text = [](double x) { return fmt::format("{} s", x); },
          .y_text = [](double y) { return fmt::format("{} MiB", y); },
          .series = {{.index = 0,
                      .is_subject = true,
                      .points = {{0, 0}, {2, 5}, {4, 10}},
                      .landmarks = {{.at = {2, 5}, .text = "half"}}},
                     {.index = 1, .points = {{0, 10}, {4, 0}}, .landmarks = {}}}};
}

TEST(LineChart, PointsAreInProportion) {
  const std::string svg = to_svg(lines());
  EXPECT_NE(svg.find("points=\"0.0,200.0 500.0,100.0 1000.0,0.0 \""), std::string::npos) << svg;
  EXPECT_NE(svg.find("cx=\"57%\" cy=\"108.0\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("<title>half</title>"), std::string::npos);
  EXPECT_NE(svg.find(">4 s</text>"), std::string::npos);
  EXPECT_NE(svg.find(">10 MiB</text>"), std::string::npos);
  EXPECT_LT(svg.find("curve t1"), svg.find("curve t0")) << "the subject lies on top";
}

TEST(LineChart, HostileNamesAreText) {
  LineChart chart = lines();
  chart.id = chart.title = chart.description = chart.x_name = kHostile;
  chart.x_text = chart.y_text = [](double) { return kHostile; };
  chart.series[0].landmarks[0].text = kHostile;
  EXPECT_EQ(to_svg(chart).find("<script"), std::string::npos);
}

RatioChart ratios() {
  return {.id = "r",
          .title = "ratios",
          .subject = "dunlin",
          .lines = {{.label = "push",
                     .anchor = "row-1",
                     .marks = {{.target = "limit", .series = 1, .ratio = 1, .goal = 2},
                               {.target = "ring", .series = 2, .ratio = 0.1, .goal = {}}}},
                    {.label = "echo",
                     .anchor = "row-2",
                     .is_missed = true,
                     .marks = {{.target = "limit", .series = 1, .ratio = 9.8, .goal = 2}}}}};
}

// The axis goes from 0.1 to 10, with three percent of the width left free on both sides.
TEST(RatioChart, MarksStandOnALogarithmicScale) {
  const std::string svg = to_svg(ratios());
  EXPECT_NE(svg.find("<line class=\"even\" x1=\"50%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("<svg class=\"ratio t1\" x=\"50%\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("<svg class=\"ratio t2\" x=\"3%\""), std::string::npos) << svg;
  EXPECT_EQ(count_of(svg, "<svg class=\"ratio-goal t1\" x=\"64.15%\""), 2u) << svg;
}

TEST(RatioChart, SaysEverythingInWords) {
  const std::string svg = to_svg(ratios());
  EXPECT_NE(
      svg.find("<desc id=\"r-d\">push: 1.000 × limit 0.100 × ring; echo: 9.800 × limit</desc>"),
      std::string::npos)
      << svg;
  EXPECT_NE(svg.find("<title>echo: dunlin needs 9.800 × limit</title>"), std::string::npos);
  EXPECT_EQ(count_of(svg, "✗ missed"), 1u);
  EXPECT_NE(svg.find("<a href=\"#row-2\"><text x=\"0\" y=\"12\">echo <tspan"), std::string::npos);
}

TEST(RatioChart, HostileNamesAreText) {
  RatioChart chart = ratios();
  chart.id = chart.title = chart.subject = kHostile;
  chart.lines[0].label = chart.lines[0].anchor = chart.lines[0].marks[0].target = kHostile;
  EXPECT_EQ(to_svg(chart).find("<script"), std::string::npos);
}

TEST(RatioChart, ATargetIsToldByItsShape) {
  std::set<std::string> shapes;
  for (std::size_t series = 0; series < kSeriesMax; ++series) shapes.insert(series_symbol(series));
  EXPECT_EQ(shapes.size(), kSeriesMax);
}

TEST(Sparkline, AStrokeForEachRepetition) {
  const std::string svg =
      to_svg(Sparkline{.series = 2, .strokes = {{1, 2}, {1, 1}}, .low = 0, .high = 2});
  EXPECT_EQ(count_of(svg, "<polyline class=\"curve t2\""), 2u);
  EXPECT_NE(svg.find("points=\"3.0,12.0 33.0,3.0 \""), std::string::npos) << svg;
  EXPECT_NE(svg.find("points=\"63.0,12.0 93.0,12.0 \""), std::string::npos) << svg;
  EXPECT_EQ(to_svg(Sparkline{.strokes = {{5}}}).find("nan"), std::string::npos);
}

TEST(Slices, TheBandIsATenthOrWhatIsNeeded) {
  struct Row {
    std::vector<double> samples;
    const char* unit;
    double low;
    double high;
  };
  const Row kRows[] = {{{10, 10.1, 9.9}, "us", 9, 11},
                       {{10, 15, 9.9}, "us", 9, 15},
                       {{50, 60}, "% of a core", 0, 100},
                       {{50, 160}, "% of a core", 0, 160},
                       {{0, 0}, "us", -1, 1},
                       {{}, "us", 0, 1}};
  for (const Row& row : kRows) {
    const Band band = band_of(row.samples, row.unit);
    EXPECT_DOUBLE_EQ(band.low, row.low);
    EXPECT_DOUBLE_EQ(band.high, row.high);
  }
}

TEST(PercentileCurve, EndsAtTheLargestValueAndNeverFalls) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1'000; ++value) histogram.record(value * 1'000);
  const Series curve = percentile_curve(histogram, "dunlin");
  EXPECT_EQ(curve.points.front().x, 0);
  EXPECT_DOUBLE_EQ(curve.points.back().x, 3);
  EXPECT_EQ(curve.points.back().y, 1e6);
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    EXPECT_LE(curve.points[i - 1].y, curve.points[i].y);
    EXPECT_LT(curve.points[i - 1].x, curve.points[i].x);
  }
  // p50, p90, p99 and the largest: a thousand values have no p99.9 of their own.
  ASSERT_EQ(curve.landmarks.size(), 4u);
  EXPECT_EQ(curve.landmarks[2].text, "dunlin p99: 991 µs");
  EXPECT_NEAR(curve.landmarks[2].at.x, 2, 1e-9);
  EXPECT_EQ(curve.landmarks[3].text, "dunlin maximum: 1 ms");
}

TEST(PercentileCurve, OfOneValue) {
  Histogram histogram;
  histogram.record(0);
  const Series curve = percentile_curve(histogram, "a");
  EXPECT_GT(curve.points.back().x, 0);
  EXPECT_EQ(curve.points.back().y, 1) << "a logarithm needs something";
}

}  // namespace
}  // namespace load
