#include "bench/load/report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "bench/load/report/text.h"

namespace load {
namespace {

constexpr double kSmallestChangePercent =
    2;  // Less than that no run on this kind of machine shows.
constexpr double kLatencyNoisePercent = 15;

// Half of the distance between the extreme slices, in percent of the value.
double noise_percent(const Metric& metric) {
  if (metric.samples.size() < 2 || metric.value == 0) return 0;
  const auto [low, high] = std::ranges::minmax(metric.samples);
  return 50 * (high - low) / std::abs(metric.value);
}

Verdict judge(const ComparedFigure& figure, Better better) {
  if (better == Better::kNeither || figure.before <= 0) return Verdict::kSame;
  const double change = 100 * (figure.after - figure.before) / figure.before;
  if (std::abs(change) <= std::max(kSmallestChangePercent, figure.noise_percent))
    return Verdict::kSame;
  return (change > 0) == (better == Better::kHigher) ? Verdict::kBetter : Verdict::kWorse;
}

void add(Comparison& comparison, ComparedFigure figure, Better better) {
  figure.verdict = judge(figure, better);
  if (figure.verdict == Verdict::kWorse) ++comparison.worse_count;
  comparison.figures.push_back(std::move(figure));
}

void compare_metrics(Comparison& comparison, const Result& before, const Result& after) {
  for (const Metric& old : before.metrics) {
    const auto found = std::ranges::find(after.metrics, old.name, &Metric::name);
    if (found == after.metrics.end()) continue;
    add(comparison,
        {.name = old.name,
         .unit = old.unit,
         .before = old.value,
         .after = found->value,
         .noise_percent = noise_percent(old) + noise_percent(*found)},
        old.better);
  }
}

void compare_latencies(Comparison& comparison, const Result& before, const Result& after) {
  for (const Latency& old : before.latencies) {
    const auto found = std::ranges::find(after.latencies, old.name, &Latency::name);
    if (found == after.latencies.end()) continue;
    for (const double percent : {50.0, 99.0}) {
      add(comparison,
          {.name = fmt::format("{} p{}", old.name, percent),
           .unit = "us",
           .before = static_cast<double>(old.histogram.percentile(percent)) / 1e3,
           .after = static_cast<double>(found->histogram.percentile(percent)) / 1e3,
           .noise_percent = kLatencyNoisePercent},
          Better::kLower);
    }
  }
}

void compare_checks(Comparison& comparison, const Result& before, const Result& after) {
  for (const Check& check : after.checks) {
    if (!check.must_be_zero || check.count == 0) continue;
    const auto old = std::ranges::find(before.checks, check.name, &Check::name);
    ++comparison.worse_count;
    comparison.figures.push_back(
        {.name = check.name,
         .unit = "must be 0",
         .before = old == before.checks.end() ? 0 : static_cast<double>(old->count),
         .after = static_cast<double>(check.count),
         .noise_percent = 0,
         .verdict = Verdict::kWorse});
  }
}

// A bound counts by its own: what it is about may be no figure of the run before.
void compare_bounds(Comparison& comparison, const Result& after) {
  comparison.worse_count += after.exceeded.size();
  for (const std::string& bound : after.exceeded)
    comparison.remarks.push_back("WORSE: after: " + bound);
}

}  // namespace

Comparison compare(const Result& before, const Result& after) {
  Comparison comparison;
  comparison.title = fmt::format("{} · {} {} → {} {}", before.label, before.target,
                                 before.started_at, after.target, after.started_at);
  if (before.scenario != after.scenario)
    comparison.remarks.emplace_back("these are different scenarios");
  if (before.parameters != after.parameters)
    comparison.remarks.emplace_back("the parameters differ");
  if (before.machine != after.machine) comparison.remarks.emplace_back("the machines differ");
  compare_metrics(comparison, before, after);
  compare_latencies(comparison, before, after);
  compare_checks(comparison, before, after);
  compare_bounds(comparison, after);
  for (const Result* result : {&before, &after}) {
    for (const std::string& warning : result->warnings) {
      comparison.remarks.push_back(
          fmt::format("{}: {}", result == &before ? "before" : "after", warning));
    }
  }
  return comparison;
}

std::string to_text(const Comparison& comparison) {
  std::string out = comparison.title + "\n\n";
  fmt::format_to(std::back_inserter(out), "  {:<26}{:>12}{:>12}  {:<18}{:>7}{:>9}\n", "", "before",
                 "after", "unit", "ratio", "noise");
  for (const ComparedFigure& figure : comparison.figures) {
    const std::string ratio =
        figure.before > 0 ? fmt::format("{:.3f}", figure.after / figure.before) : "-";
    const char* verdict = figure.verdict == Verdict::kWorse    ? "  WORSE"
                          : figure.verdict == Verdict::kBetter ? "  better"
                                                               : "";
    fmt::format_to(std::back_inserter(out), "  {:<26}{:>12}{:>12}  {:<18}{:>7}{:>8.1f}%{}\n",
                   figure.name, format_number(figure.before), format_number(figure.after),
                   figure.unit, ratio, figure.noise_percent, verdict);
  }
  for (const std::string& remark : comparison.remarks) out += fmt::format("  remark: {}\n", remark);
  return out;
}

}  // namespace load
