#include "bench/load/report/page/page.h"

#include <gtest/gtest.h>

#include "bench/load/report/page/warnings_section.h"

namespace load {
namespace {

const char* const kHostile = "</style><script>alert(\"1\")</script>&'";

Result run(std::string target, double cpu) {
  Result result;
  result.scenario = "push";
  result.target = std::move(target);
  result.label = "push 1000";
  result.started_at = "2024-01-02T03:04:05Z";
  result.parameters = {{"loop", "closed"}, {"duration_s", "5"}};
  result.machine = {{"kernel", "6"}, {"processor", "a fast one"}};
  result.metrics = {{.name = "pushes",
                     .unit = "1/s",
                     .value = 5e4,
                     .better = Better::kHigher,
                     .samples = {4e4, 6e4}},
                    {.name = "server_cpu", .unit = "us/push", .value = cpu, .samples = {cpu, cpu}}};
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value * 10'000);
  result.latencies = {{.name = "push", .meaning = "sending to arrival", .histogram = histogram}};
  result.checks = {{.name = "received", .count = 100, .must_be_zero = false},
                   {.name = "lost", .count = 0, .must_be_zero = true}};
  return result;
}

std::string page_of(const std::vector<Result>& results, const Goals& goals = {}) {
  return to_html(results, tabulate(results, "dunlin", goals), "limit");
}

bool has(const std::string& page, const std::string& part) {
  return page.find(part) != std::string::npos;
}

TEST(Page, SaysWhatWasFound) {
  const std::string page = page_of({run("dunlin", 11), run("limit", 10)},
                                   {{"push 1000", {{"", {{{"limit", 1.05}}, 12}}}}});
  EXPECT_TRUE(has(page, "1 row, 2 targets, 1 repetition: 2 runs")) << page;
  EXPECT_TRUE(has(page, "2024-01-02 03:04 UTC"));
  EXPECT_TRUE(has(page, "a fast one; kernel 6"));
  EXPECT_TRUE(has(page, "✗ 1 of 2 goals missed"));
  EXPECT_TRUE(has(page, "<b>✗ missed</b> 1.100 × limit, at most 1.05"));
  EXPECT_TRUE(has(page, "<b>✓ reached</b> 11, at most 12 CPU us"));
  EXPECT_TRUE(has(page, "✓ All runs are sound"));
  EXPECT_TRUE(has(page, "✓ No warnings"));
  EXPECT_TRUE(has(page, "dunlin 1.100×"));
  EXPECT_TRUE(has(page, "<td>50,000</td><td>502 µs</td>")) << page;
  EXPECT_FALSE(has(page, "id=\"holdings\""));
  EXPECT_FALSE(has(page, "href=\"#warnings\""));
}

TEST(Page, AGoalThatIsNoRatioIsAlsoMissedAtAGlance) {
  const std::string page =
      page_of({run("dunlin", 11), run("limit", 10)}, {{"push 1000", {{"", {{}, 10}}}}});
  EXPECT_TRUE(has(page, "push 1000 <tspan class=\"missed\">✗ missed</tspan>"));
  EXPECT_TRUE(has(page, "✗ 1 of 1 goals missed"));
}

TEST(Page, TellsGoalsThatWereNotMeasured) {
  const Goals goals = {{"push 1000", {{"", {{{"limit", 1.2}, {"ring", 1}}, 0}}}}};
  const std::string page = page_of({run("dunlin", 11), run("limit", 10)}, goals);
  EXPECT_TRUE(has(page, "✗ 1 of 2 goals not measured"));
  EXPECT_TRUE(has(page, "<p>not measured: <a href=\"#row-1\">push 1000</a>: dunlin / ring</p>"));
  EXPECT_TRUE(has(page, "<b>✗ not measured</b> dunlin / ring"));
}

TEST(Page, AGoalOfAnUnsoundResultIsMissed) {
  Result bad = run("limit", 10);
  bad.checks[1].count = 3;
  const std::string page =
      page_of({run("dunlin", 11), bad}, {{"push 1000", {{"", {{{"limit", 1.2}, {"x", 1}}, 12}}}}});
  EXPECT_TRUE(has(page, "✗ 1 of 3 goals missed, 1 not measured"));
  EXPECT_TRUE(has(page, "<b>✗ missed</b> 1.100 (!) × limit, at most 1.2"));
  EXPECT_TRUE(has(page, "<b>✓ reached</b> 11, at most 12 CPU us"));
  EXPECT_TRUE(has(page, "<b>✗ not sound (!)</b> limit: lost 3"));
  EXPECT_TRUE(has(page, "<td>10 <b class=\"missed\">(!)</b>"));
  EXPECT_TRUE(has(page, "<td>11<"));
}

TEST(Page, ABoundThatWasExceededIsNoLoss) {
  Result grown = run("dunlin", 11);
  grown.exceeded = {"the server grew"};
  const std::string page = page_of({grown});
  EXPECT_TRUE(has(page, "✗ Bounds were exceeded"));
  EXPECT_TRUE(has(page, "push 1000 · dunlin: the server grew"));
  EXPECT_TRUE(has(page, "<b>✗ exceeded</b> dunlin: the server grew"));
  EXPECT_FALSE(has(page, "✗ not sound"));
}

TEST(Page, SaysWhatWasUnsoundAndWhatToDoubt) {
  Result bad = run("limit", 10);
  bad.checks[1].count = 1'234;
  bad.checks.push_back({.name = "refused", .count = 5, .must_be_zero = true});
  bad.warnings = {"noisy: server_cpu of the slices differs by 27 %"};
  const std::string page = page_of({run("dunlin", 11), bad});
  EXPECT_TRUE(has(page, "✗ Not all runs are sound"));
  EXPECT_TRUE(has(page, "lost 1,234, refused 5: push 1000 · limit"));
  EXPECT_TRUE(has(page, "<b>✗ 1,234</b>"));
  EXPECT_TRUE(has(page, "<b>✗ 5</b>")) << "among the other faults";
  EXPECT_TRUE(has(page, "! 1 of 2 runs carry warnings"));
  EXPECT_TRUE(has(page, "differs by 27 %"));
  EXPECT_TRUE(has(page, "No goals were given"));
}

TEST(Page, WhatWasHeldOverTimeIsDrawn) {
  std::vector<Result> results = {run("dunlin", 11)};
  results[0].metrics.push_back(
      {.name = "user_held", .unit = "MiB", .value = 20, .samples = {10, 12, 20}});
  const std::string page = page_of(results);
  EXPECT_TRUE(has(page, "push 1000: user_held over time"));
  EXPECT_TRUE(has(page, "dunlin: from 10 to 20 MiB"));
  EXPECT_TRUE(has(page, ">seconds</text>"));
  EXPECT_TRUE(has(page, ">5</text>")) << "the duration is the end of the axis";
  results[0].parameters = {{"duration_s", "7200"}};
  EXPECT_TRUE(has(page_of(results), ">minutes</text>"));
  results[0].parameters = {};
  EXPECT_TRUE(has(page_of(results), ">round</text>"));
}

TEST(Page, AsksForNothingAndRunsNothing) {
  const std::string page = page_of({run("dunlin", 11), run("limit", 10)});
  EXPECT_TRUE(has(page, "default-src 'none'"));
  for (const char* part :
       {"http://", "https://", "<script", "<link rel=\"stylesheet\"", "url(", "@import"})
    EXPECT_FALSE(has(page, part)) << part;
}

TEST(Page, HostileNamesAreText) {
  Result hostile = run(kHostile, 3);
  hostile.label = hostile.started_at = hostile.scenario = kHostile;
  for (Metric& metric : hostile.metrics) metric.name = kHostile;
  hostile.metrics.push_back(
      {.name = "server_cpu", .unit = kHostile, .value = 1, .samples = {1, 2}});
  hostile.metrics.push_back({.name = kHostile, .unit = "MiB", .value = 1, .samples = {1, 2}});
  hostile.latencies[0].meaning = kHostile;
  hostile.latencies.push_back(
      {.name = kHostile, .meaning = kHostile, .histogram = hostile.latencies[0].histogram});
  hostile.checks.push_back({.name = kHostile, .count = 1, .must_be_zero = true});
  hostile.warnings = hostile.exceeded = {kHostile};
  for (auto& [name, value] : hostile.parameters) value = kHostile;
  for (auto& [name, value] : hostile.machine) value = kHostile;
  const std::vector<Result> results = {run("limit", 10), hostile};
  const Goals goals = {{kHostile, {{"", {{{"limit", 1}}, 1}}, {kHostile, {{{"limit", 1}}, 1}}}}};
  for (const char* subject : {"dunlin", kHostile}) {
    const std::string page = to_html(results, tabulate(results, subject, goals), kHostile);
    EXPECT_FALSE(has(page, "<script"));
    EXPECT_EQ(page.find("</style>"), page.rfind("</style>"));
  }
}

TEST(Page, ResultsWithNextToNothing) {
  Result bare;
  bare.scenario = "x";
  Result empty_histogram = run("limit", 0);
  empty_histogram.latencies[0].histogram = {};
  empty_histogram.metrics[0].samples = {};
  for (const auto& results : std::vector<std::vector<Result>>{
           {bare}, {empty_histogram}, {bare, empty_histogram, run("dunlin", 0)}}) {
    const std::string page = page_of(results);
    EXPECT_TRUE(has(page, "</html>"));
    EXPECT_FALSE(has(page, "nan"));
    EXPECT_FALSE(has(page, "inf%"));
  }
}

TEST(Warnings, OfOneKindWhateverTheFigures) {
  std::vector<Result> results = {run("a", 1), run("b", 1), run("c", 1)};
  results[0].warnings = {"busy: 12 %"};
  results[1].warnings = {"noisy: 1.5 %"};
  results[2].warnings = {"noisy: 22 %", "busy: 1,000 %", "noisy: 3 %"};
  const auto kinds = warning_kinds(results);
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].gist(), "noisy");
  EXPECT_EQ(kinds[0].runs.size(), 3u);
  EXPECT_EQ(kinds[1].runs.size(), 2u);
}

}  // namespace
}  // namespace load
