#include "bench/load/report/page/throughput_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/table.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::string_view kNothing = "<td class=\"none\">–</td>";
constexpr std::array kOwnColumns = {"lost", "duplicated", "reordered"};

// What a row counts by the second; empty where it counts nothing.
std::string rate_name(const RowRuns& row) {
  for (const Metric* metric : row.metrics()) {
    if (metric->unit == "1/s") return metric->name;
  }
  return {};
}

std::string count_cell(std::uint64_t count) {
  if (count == 0) return "<td>0</td>";
  return fmt::format("<td class=\"missed\"><b>✗ {}</b></td>",
                     format_number(static_cast<double>(count)));
}

// Everything else that must be zero.
std::uint64_t other_faults(const TargetRuns& target) {
  std::uint64_t count = 0;
  for (const Result* result : target.repetitions) {
    for (const Check& check : result->checks) {
      const bool has_column = std::ranges::find(kOwnColumns, check.name) != kOwnColumns.end();
      if (check.must_be_zero && !has_column) count += check.count;
    }
  }
  return count;
}

std::string line(const TargetRuns& target, const std::string& rate, const std::string& latency) {
  std::string out =
      fmt::format("<tr{}><th scope=\"row\">{}</th>", target.is_subject ? " class=\"subject\"" : "",
                  escape(target.target));
  const auto per_second = target.median_of(rate);
  out +=
      per_second ? fmt::format("<td>{}</td>", format_number(*per_second)) : std::string(kNothing);
  const Histogram histogram = target.latency(latency);
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto value = static_cast<double>(histogram.percentile(percent));
    out += histogram.empty() ? std::string(kNothing)
                             : fmt::format("<td>{}</td>", format_duration(value));
  }
  for (const char* check : kOwnColumns) out += count_cell(target.count_of(check));
  return out + count_cell(other_faults(target)) + "</tr>";
}

std::string group(const RowRuns& row) {
  const Latency* latency = main_latency_of(*row.targets.front().repetitions.front());
  const std::string rate = rate_name(row);
  std::string what = rate.empty() ? "" : rate + " per second";
  if (latency != nullptr) {
    fmt::format_to(Out(what), "{}{}: {}", what.empty() ? "" : " · ", latency->name,
                   latency->meaning);
  }
  std::string out = fmt::format(
      "<tbody><tr class=\"group\"><th colspan=\"11\" scope=\"rowgroup\"><span>{} "
      "<small>{}</small></span></th></tr>",
      escape(row.label), escape(what));
  for (const TargetRuns& target : row.targets)
    out += line(target, rate, latency == nullptr ? "" : latency->name);
  return out + "</tbody>";
}

}  // namespace

std::string throughput_section(const Runs& runs) {
  std::string out =
      "<section id=\"throughput\"><h2>Rates, latencies, faults</h2>"
      "<p class=\"lead\">Rates are the median of the repetitions (<strong>more is "
      "better</strong>); "
      "latencies those of all repetitions together (<strong>less is better</strong>); faults their "
      "sum, which <strong>must be 0</strong>. In a closed loop the rate is that of the server and "
      "the load generator together.</p>"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Rates, latencies, "
      "faults\">"
      "<table class=\"figures\"><thead><tr><th scope=\"col\">target</th><th scope=\"col\">per "
      "second</th><th scope=\"col\">p50</th><th scope=\"col\">p90</th><th scope=\"col\">p99</th>"
      "<th scope=\"col\">p99.9</th><th scope=\"col\">max</th><th scope=\"col\">lost</th>"
      "<th scope=\"col\">dupli&shy;cated</th><th scope=\"col\">re&shy;ordered</th>"
      "<th scope=\"col\">other faults</th></tr></thead>";
  for (const RowRuns& row : runs.rows) out += group(row);
  return out + "</table></div></section>";
}

}  // namespace load
