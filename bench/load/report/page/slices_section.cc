#include "bench/load/report/page/slices_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/sparkline.h"
#include "bench/load/report/table.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::vector<double> samples_of(const std::vector<const Metric*>& metrics) {
  std::vector<double> samples;
  for (const Metric* metric : metrics)
    samples.insert(samples.end(), metric->samples.begin(), metric->samples.end());
  return samples;
}

// Half of the distance between the extreme slices, in percent of the median.
std::string spread(const std::vector<double>& samples) {
  const double middle = std::abs(median(samples));
  const auto [low, high] = std::ranges::minmax(samples);
  if (middle == 0) return {};
  return fmt::format(" <small>± {:.0f} %</small>", 50 * (high - low) / middle);
}

bool is_share(const std::string& unit) { return unit.starts_with('%'); }

std::string cell(const TargetRuns& target, const Metric& metric, const Band& band) {
  const std::vector<const Metric*> repetitions = target.metrics(metric.name);
  const std::vector<double> samples = samples_of(repetitions);
  if (samples.empty()) return "<td class=\"none\">–</td>";
  Sparkline sparkline{.series = target.series, .strokes = {}, .low = band.low, .high = band.high};
  for (const Metric* repetition : repetitions) sparkline.strokes.push_back(repetition->samples);
  const auto [low, high] = std::ranges::minmax(samples);
  return fmt::format("<td title=\"{} {}: slices {} … {} {}\">{}{}{}</td>", escape(target.target),
                     escape(metric.name), format_number(low), format_number(high),
                     escape(metric.unit), to_svg(sparkline), format_number(median(samples)),
                     is_share(metric.unit) ? "" : spread(samples));
}

std::string line(const RowRuns& row, const Metric& metric) {
  std::vector<double> all;
  for (const TargetRuns& target : row.targets) {
    const std::vector<double> own = samples_of(target.metrics(metric.name));
    all.insert(all.end(), own.begin(), own.end());
  }
  if (all.empty()) return {};
  std::string out = fmt::format("<tr><th scope=\"row\">{}<br><small>{}</small></th>",
                                escape(metric.name), escape(metric.unit));
  for (const TargetRuns& target : row.targets) {
    const std::vector<double> own = samples_of(target.metrics(metric.name));
    out += cell(target, metric, band_of(own, metric.unit));
  }
  return out + "</tr>";
}

}  // namespace

Band band_of(const std::vector<double>& samples, const std::string& unit) {
  if (samples.empty()) return {};
  const auto [low, high] = std::ranges::minmax(samples);
  if (is_share(unit)) return {.low = std::min(0.0, low), .high = std::max(100.0, high)};
  const double middle = median(samples);
  const double margin = middle != 0 ? std::abs(middle) / 10 : 1;
  return {.low = std::min(low, middle - margin), .high = std::max(high, middle + margin)};
}

std::string slices_section(const Runs& runs) {
  std::string out =
      "<section id=\"slices\"><h2>How steady the runs were</h2>"
      "<p class=\"lead\">Each run is cut into slices; a line shows a figure slice by slice, a "
      "stroke for each repetition. The height of a line is at least ± 10 % of the median (a share "
      "of a core: 0 to 100 %). <strong>Flat is better</strong>: what wavers here is known no more "
      "exactly than that.</p>" +
      fmt::format("<div class=\"cards by-target\" style=\"--targets:{}\">", runs.targets.size());
  for (const RowRuns& row : runs.rows) {
    std::string lines;
    for (const Metric* metric : row.metrics()) lines += line(row, *metric);
    if (lines.empty()) continue;
    fmt::format_to(Out(out),
                   "<article class=\"card\"><h3>{0}</h3><div class=\"scroll\" tabindex=\"0\" "
                   "role=\"region\" aria-label=\"Slices of {0}\"><table class=\"slices\"><thead>"
                   "<tr><td></td>",
                   escape(row.label));
    for (const TargetRuns& target : row.targets)
      fmt::format_to(Out(out), "<th scope=\"col\">{}</th>", escape(target.target));
    out += "</tr></thead><tbody>" + lines + "</tbody></table></div></article>";
  }
  return out + "</div></section>";
}

}  // namespace load
