#include "bench/load/report/page/table_section.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/overview.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::string cell(const Table& table, const Row& row, const std::string& target) {
  const auto values = row.values.find(target);
  const std::string mark = row.is_sound(target) ? "" : " <b class=\"missed\">(!)</b>";
  if (values == row.values.end()) return "<td class=\"none\">–" + mark + "</td>";
  std::string out = "<td>" + format_number(median(values->second)) + mark;
  const auto standing = row.standings.find(table.subject);
  if (standing != row.standings.end()) {
    const auto ratio = standing->second.ratios.find(target);
    if (ratio != standing->second.ratios.end())
      fmt::format_to(Out(out), "<br><small>{:.3f}×</small>", ratio->second.value);
  }
  return out + "</td>";
}

}  // namespace

std::string table_section(const Table& table, const Runs& runs) {
  std::string out = fmt::format(
      "<section id=\"table\"><h2>The same as a table</h2>"
      "<p class=\"lead\">Medians of the repetitions, and below them how many times that {} needs. "
      "<strong>Less is better.</strong> (!) marks what is not sound.</p><div class=\"scroll\" "
      "tabindex=\"0\" role=\"region\" "
      "aria-label=\"Medians and ratios\"><table class=\"figures\"><thead><tr><th "
      "scope=\"col\">row</th><th scope=\"col\">unit</th>",
      escape(table.subject));
  for (const std::string& target : runs.targets)
    fmt::format_to(Out(out), "<th scope=\"col\">{}</th>", escape(target));
  out += "<th scope=\"col\">goals</th></tr></thead><tbody>";
  for (const Row& row : table.rows) {
    fmt::format_to(Out(out), "<tr><th scope=\"row\">{}</th><td>{}</td>", escape(row.label),
                   escape(row.unit));
    for (const std::string& target : runs.targets) out += cell(table, row, target);
    out += "<td><ul class=\"goals\">" + goal_items(row, table) + "</ul></td></tr>";
  }
  return out + "</tbody></table></div></section>";
}

}  // namespace load
