#include "bench/load/report/page/glance_section.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/overview.h"
#include "bench/load/report/page/ratio_chart.h"

namespace load {
namespace {

RatioLine line_of(const Standing& standing, const Runs& runs) {
  RatioLine line;
  for (std::size_t series = 0; series < runs.targets.size(); ++series) {
    const auto ratio = standing.ratios.find(runs.targets[series]);
    if (ratio == standing.ratios.end()) continue;
    line.marks.push_back({.target = ratio->first,
                          .series = series,
                          .ratio = ratio->second.value,
                          .goal = ratio->second.goal});
  }
  return line;
}

std::string symbols(const Table& table, const Runs& runs) {
  std::string out = "<ul class=\"legend\">";
  for (std::size_t series = 0; series < runs.targets.size(); ++series) {
    if (runs.targets[series] == table.subject) continue;
    fmt::format_to(std::back_inserter(out),
                   "<li><svg aria-hidden=\"true\" class=\"ratio {}\" width=\"14\" height=\"14\" "
                   "viewBox=\"-7 -7 14 14\"><path d=\"{}\"/></svg>{}</li>",
                   series_class(series), series_symbol(series), escape(runs.targets[series]));
  }
  return out + "</ul>";
}

}  // namespace

std::string glance_section(const Table& table, const Runs& runs) {
  RatioChart chart{.id = "ratios",
                   .title = "What " + table.subject + " needs, in times of what others need",
                   .subject = table.subject,
                   .lines = {}};
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Row& row = table.rows[i];
    const auto standing = row.standings.find(table.subject);
    if (standing == row.standings.end()) continue;
    RatioLine line = line_of(standing->second, runs);
    line.label = row.label;
    line.anchor = row_anchor(i);
    line.is_missed = standing->second.is_any_missed();
    if (!line.marks.empty()) chart.lines.push_back(std::move(line));
  }
  if (chart.lines.empty()) return {};
  return fmt::format(
      "<section id=\"glance\"><h2>At a glance</h2><p class=\"lead\">A line for each row, a mark "
      "for each other target: how many times that target’s figure {} needs. <strong>Further left "
      "is better</strong>; at 1× both need the same, and a mark right of its goal "
      "<span class=\"tip\">▲</span> misses it.</p><div class=\"card\">{}{}</div></section>",
      escape(table.subject), symbols(table, runs), to_svg(chart));
}

}  // namespace load
