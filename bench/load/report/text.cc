#include "bench/load/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace load {
namespace {

std::string microseconds(std::uint64_t nanoseconds) {
  return format_number(static_cast<double>(nanoseconds) / 1e3);
}

void append_metrics(std::string& out, const Result& result) {
  for (const Metric& metric : result.metrics) {
    fmt::format_to(std::back_inserter(out), "  {:<24}{:>12} {:<18}", metric.name,
                   format_number(metric.value), metric.unit);
    if (!metric.samples.empty()) {
      const auto [low, high] = std::ranges::minmax(metric.samples);
      fmt::format_to(std::back_inserter(out), " slices {} … {}", format_number(low),
                     format_number(high));
    }
    out += '\n';
  }
}

void append_latencies(std::string& out, const Result& result) {
  if (result.latencies.empty()) return;
  fmt::format_to(std::back_inserter(out), "\n  {:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}\n",
                 "latency, us", "p50", "p90", "p99", "p99.9", "max", "count");
  for (const Latency& latency : result.latencies) {
    const Histogram& histogram = latency.histogram;
    fmt::format_to(std::back_inserter(out), "  {:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}  {}\n",
                   latency.name, microseconds(histogram.percentile(50)),
                   microseconds(histogram.percentile(90)), microseconds(histogram.percentile(99)),
                   microseconds(histogram.percentile(99.9)), microseconds(histogram.max()),
                   format_number(static_cast<double>(histogram.count())), latency.meaning);
  }
}

void append_checks(std::string& out, const Result& result) {
  out += "\n ";
  for (const Check& check : result.checks) {
    // The first five always; of the rest only what has something to say.
    const bool always = check.name == "expected" || check.name == "received" ||
                        check.name == "lost" || check.name == "duplicated" ||
                        check.name == "reordered";
    if (!always && check.count == 0) continue;
    fmt::format_to(std::back_inserter(out), " {} {}{} ·", check.name,
                   format_number(static_cast<double>(check.count)),
                   check.must_be_zero && check.count != 0 ? " (!)" : "");
  }
  out.resize(out.size() - std::string_view(" ·").size());
  out += '\n';
}

}  // namespace

std::string format_number(double value) {
  const double size = std::abs(value);
  if (size < 99.95 && value != std::round(value)) {
    const int decimals = size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    return fmt::format("{:.{}f}", value, decimals);
  }
  std::string digits = fmt::format("{:.0f}", size);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return fmt::format("{}{}", value < 0 ? "-" : "", digits);
}

std::string to_text(const Result& result) {
  std::string out = fmt::format("{} · {}", result.scenario, result.target);
  if (result.label != result.scenario) out += fmt::format(" · {}", result.label);
  out += "\n ";
  for (const auto& [name, value] : result.parameters) out += fmt::format(" {}={}", name, value);
  out += "\n\n";
  append_metrics(out, result);
  append_latencies(out, result);
  append_checks(out, result);
  for (const std::string& bound : result.exceeded) out += fmt::format("  (!) {}\n", bound);
  for (const std::string& warning : result.warnings) out += fmt::format("  warning: {}\n", warning);
  return out;
}

}  // namespace load
