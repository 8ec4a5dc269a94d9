#include "bench/load/report/page/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/overview.h"
#include "bench/load/report/page/warnings_section.h"
#include "bench/load/report/text.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::string_view kMethod =
    "What is compared is the CPU time of the server process for each unit of work, or the latency "
    "at "
    "a fixed rate, with each target under the same load from the same load generator. A figure is "
    "the median of its repetitions; what counts is its ratio to those of other targets of the same "
    "session, not the speed of this machine.";

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// "2024-01-02T03:04:05Z" as "2024-01-02 03:04 UTC"; anything else as it is.
std::string readable_time(const std::string& time) {
  constexpr std::string_view kForm = "2024-01-02T03:04:05Z";
  if (time.size() != kForm.size() || time[10] != 'T') return time;
  return fmt::format("{} {} UTC", time.substr(0, 10), time.substr(11, 5));
}

std::string when(const std::vector<Result>& results) {
  const auto [first, last] = std::ranges::minmax(results, {}, &Result::started_at);
  const std::string from = readable_time(first.started_at);
  const std::string to = readable_time(last.started_at);
  return from == to ? from : from + " to " + to;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string how_much(const std::vector<Result>& results, const Runs& runs) {
  std::size_t fewest = results.size();
  std::size_t most = 0;
  for (const RowRuns& row : runs.rows) {
    for (const TargetRuns& target : row.targets) {
      fewest = std::min(fewest, target.repetitions.size());
      most = std::max(most, target.repetitions.size());
    }
  }
  const std::string repetitions = fewest == most
                                      ? counted(most, "repetition")
                                      : fmt::format("{} to {} repetitions", fewest, most);
  return fmt::format("{}, {}, {}: {}", counted(runs.rows.size(), "row"),
                     counted(runs.targets.size(), "target"), repetitions,
                     counted(results.size(), "run"));
}

// Each value of a key once, in order; more than one says that machines differ.
std::string distinct(const std::vector<Result>& results, const std::string& key,
                     const std::vector<std::pair<std::string, std::string>> Result::* pairs) {
  std::vector<std::string> values;
  for (const Result& result : results) {
    for (const auto& [name, value] : result.*pairs) {
      if (name == key && std::ranges::find(values, value) == values.end()) values.push_back(value);
    }
  }
  return join(values, ", ");
}

std::string machine(const std::vector<Result>& results) {
  std::vector<std::string> parts;
  for (const auto& [key, before] : {std::pair{"processor", ""}, std::pair{"kernel", "kernel "},
                                    std::pair{"harness_cpus", "load generator on CPU "}}) {
    const std::string value = distinct(results, key, &Result::machine);
    if (!value.empty()) parts.push_back(before + value);
  }
  return join(parts, "; ");
}

void append_fact(std::string& out, std::string_view name, const std::string& value) {
  fmt::format_to(Out(out), "<div><dt>{}</dt><dd>{}</dd></div>", name, escape(value));
}

std::string verdict_box(std::string_view kind, std::string_view headline,
                        const std::string& details) {
  return fmt::format("<div class=\"verdict {}\"><strong>{}</strong>{}</div>", kind, headline,
                     details);
}

std::string row_link(const Table& table, std::size_t index) {
  return fmt::format("<a href=\"#{}\">{}</a>", row_anchor(index), escape(table.rows[index].label));
}

// Which rows have missed goals, and which goals have no figures.
std::string goal_details(const Table& table) {
  std::vector<std::string> missed;
  std::string unmeasured;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Row& row = table.rows[i];
    const bool is_missed = std::ranges::any_of(
        row.standings, [](const auto& named) { return named.second.is_any_missed(); });
    if (is_missed) missed.push_back(row_link(table, i));
    if (row.unmeasured.empty()) continue;
    std::vector<std::string> goals;
    goals.reserve(row.unmeasured.size());
    for (const UnmeasuredGoal& goal : row.unmeasured) goals.push_back(escape(to_text(goal)));
    fmt::format_to(Out(unmeasured), "<p>not measured: {}: {}</p>", row_link(table, i),
                   join(goals, ", "));
  }
  return (missed.empty() ? "" : "<p>" + join(missed, ", ") + "</p>") + unmeasured;
}

std::string goal_verdict(const Table& table) {
  const std::size_t count = table.reached_count + table.missed_count + table.unmeasured_count;
  if (count == 0) return verdict_box("plain", "No goals were given", "");
  if (table.reached_count == count)
    return verdict_box("reached", fmt::format("✓ All {} goals reached", count), "");
  const std::string missed = fmt::format("{} of {} goals missed", table.missed_count, count);
  const std::string unmeasured =
      table.missed_count > 0
          ? fmt::format("{}, {} not measured", missed, table.unmeasured_count)
          : fmt::format("{} of {} goals not measured", table.unmeasured_count, count);
  return verdict_box("missed", "✗ " + (table.unmeasured_count > 0 ? unmeasured : missed),
                     goal_details(table));
}

// What was lost or damaged, and below it what else a run did not keep to.
std::string check_verdict(const Table& table) {
  Faults faults;
  std::set<std::string> where;
  std::string bounds;
  for (const Row& row : table.rows) {
    for (const auto& [target, own] : row.faults) {
      for (const auto& [name, count] : own) faults[name] += count;
      where.insert(fmt::format("{} · {}", row.label, target));
    }
    for (const auto& [target, bound] : row.exceeded) {
      fmt::format_to(Out(bounds), "<p>{} · {}: {}</p>", escape(row.label), escape(target),
                     escape(bound));
    }
  }
  if (faults.empty()) {
    constexpr std::string_view kSound = "nothing lost, duplicated, reordered, damaged or refused";
    return bounds.empty()
               ? verdict_box("reached", "✓ All runs are sound", fmt::format("<p>{}</p>", kSound))
               : verdict_box("missed", "✗ Bounds were exceeded",
                             fmt::format("{}<p>{}</p>", bounds, kSound));
  }
  return verdict_box("missed", "✗ Not all runs are sound",
                     fmt::format("<p>{}: {}</p>{}", escape(to_text(faults)),
                                 escape(join({where.begin(), where.end()}, ", ")), bounds));
}

std::string warning_verdict(const std::vector<Result>& results) {
  const auto warned =
      std::ranges::count_if(results, [](const Result& result) { return !result.warnings.empty(); });
  if (warned == 0) return verdict_box("reached", "✓ No warnings", "");
  std::string kinds;
  for (const WarningKind& kind : warning_kinds(results))
    fmt::format_to(Out(kinds), "<li>{} × {}</li>", kind.runs.size(), escape(kind.gist()));
  return verdict_box("warned",
                     fmt::format("! {} of {} runs carry warnings", warned, results.size()),
                     "<ul>" + kinds + "</ul><p><a href=\"#warnings\">About which runs</a></p>");
}

}  // namespace

std::string page_header(const std::vector<Result>& results, const Runs& runs, const Table& table) {
  std::vector<std::string> others = runs.targets;
  std::erase(others, table.subject);
  std::string out = fmt::format(
      "<header><h1>Load report: {}{}</h1><dl>", escape(table.subject),
      others.empty() ? "" : " <small>beside " + escape(join(others, ", ")) + "</small>");
  append_fact(out, "Run", how_much(results, runs));
  const std::string seconds = distinct(results, "duration_s", &Result::parameters);
  if (!seconds.empty()) append_fact(out, "Recorded", seconds + " s each");
  append_fact(out, "When", when(results));
  append_fact(out, "Machine", machine(results));
  fmt::format_to(Out(out), "</dl><p class=\"method\">{}</p></header>", kMethod);
  return out;
}

std::string verdict(const std::vector<Result>& results, const Table& table) {
  return "<div class=\"verdicts\">" + goal_verdict(table) + check_verdict(table) +
         warning_verdict(results) + "</div>";
}

}  // namespace load
