#include "bench/load/report/page/overview.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/bar_chart.h"
#include "bench/load/report/page/markup.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::string goal_item(bool missed, const std::string& text) {
  return fmt::format("<li class=\"{}\"><b>{}</b> {}</li>", missed ? "missed" : "reached",
                     missed ? "✗ missed" : "✓ reached", escape(text));
}

std::string figure(const std::string& number, bool is_sound) {
  return is_sound ? number : number + " (!)";
}

std::vector<double> goal_values(const Standing& standing, const Row& row) {
  std::vector<double> values;
  if (standing.value_goal) values.push_back(*standing.value_goal);
  for (const auto& [target, ratio] : standing.ratios) {
    if (ratio.goal) values.push_back(*ratio.goal * median(row.values.at(target)));
  }
  return values;
}

std::string note_of(const Table& table, const Row& row, const std::string& target) {
  const auto subject = row.standings.find(table.subject);
  if (subject == row.standings.end()) return {};
  const auto ratio = subject->second.ratios.find(target);
  if (ratio == subject->second.ratios.end()) return {};
  const double value = ratio->second.value;
  return fmt::format("{} {:.{}f}×", table.subject, value, value < 2 ? 3 : 2);
}

BarChart chart_of(const Table& table, const Row& row, const Runs& runs,
                  const std::string& reference) {
  BarChart chart{.title = row.label + ": " + row.meaning, .unit = row.unit, .bars = {}};
  for (std::size_t series = 0; series < runs.targets.size(); ++series) {
    const std::string& target = runs.targets[series];
    const auto values = row.values.find(target);
    if (values == row.values.end()) continue;
    const auto standing = row.standings.find(target);
    chart.bars.push_back({.name = target,
                          .series = series,
                          .is_subject = target == table.subject,
                          .value = median(values->second),
                          .is_sound = row.is_sound(target),
                          .repetitions = values->second,
                          .note = note_of(table, row, target),
                          .goals = standing == row.standings.end()
                                       ? std::vector<double>()
                                       : goal_values(standing->second, row)});
    if (target == reference)
      chart.reference = ReferenceLine{.name = target, .value = chart.bars.back().value};
  }
  return chart;
}

}  // namespace

std::string row_anchor(std::size_t index) { return fmt::format("row-{}", index + 1); }

std::string goal_items(const Row& row, const Table& table) {
  std::string out;
  for (const auto& [subject, standing] : row.standings) {
    const std::string who = subject == table.subject ? "" : subject + ": ";
    if (standing.value_goal) {
      out += goal_item(standing.is_value_missed(),
                       fmt::format("{}{}, at most {} {}", who,
                                   figure(format_number(standing.value), standing.is_sound),
                                   format_number(*standing.value_goal), row.unit));
    }
    for (const auto& [target, ratio] : standing.ratios) {
      if (!ratio.goal) continue;
      const std::string value = figure(fmt::format("{:.3f}", ratio.value), ratio.is_sound);
      out += goal_item(ratio.is_missed(),
                       fmt::format("{}{} × {}, at most {}", who, value, target, *ratio.goal));
    }
  }
  for (const UnmeasuredGoal& goal : row.unmeasured) {
    out += fmt::format("<li class=\"missed\"><b>✗ not measured</b> {}</li>", escape(to_text(goal)));
  }
  return out;
}

std::string overview_section(const Table& table, const Runs& runs, const std::string& reference) {
  const std::string subject = escape(table.subject);
  std::string out = fmt::format(
      "<section id=\"overview\"><h2>What a unit of work needs</h2>"
      "<p class=\"lead\">One card for each row, one bar for each target: the median of its "
      "repetitions, which are the dots. <strong>Shorter is better.</strong> “{0} 1.200×” at a bar "
      "says that {0} needs 1.2 times what that target needs; the dashed lines are {1}, "
      "<span class=\"tip\">▲</span> is a goal.</p><div class=\"cards\">",
      subject, escape(reference));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Row& row = table.rows[i];
    BarChart chart = chart_of(table, row, runs, reference);
    chart.id = fmt::format("bars-{}", i + 1);
    fmt::format_to(
        Out(out), "<article class=\"card\" id=\"{}\"><h3>{}</h3><p class=\"sub\">{}</p>{}",
        row_anchor(i), escape(row.label), row.values.empty() ? "no figures" : escape(row.meaning),
        row.values.empty() ? "" : to_svg(chart));
    for (const auto& [target, faults] : row.faults) {
      fmt::format_to(Out(out), "<p class=\"missed\"><b>✗ not sound (!)</b> {}: {}</p>",
                     escape(target), escape(to_text(faults)));
    }
    for (const auto& [target, bound] : row.exceeded) {
      fmt::format_to(Out(out), "<p class=\"missed\"><b>✗ exceeded</b> {}: {}</p>", escape(target),
                     escape(bound));
    }
    const std::string goals = goal_items(row, table);
    if (!goals.empty()) out += "<ul class=\"goals\">" + goals + "</ul>";
    out += "</article>";
  }
  return out + "</div></section>";
}

}  // namespace load
