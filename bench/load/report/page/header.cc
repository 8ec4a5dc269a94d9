#include "bench/load/report/page/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
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

std::string goal_verdict(const Table& table) {
  const std::size_t count = table.reached_count + table.missed_count;
  if (count == 0) return verdict_box("plain", "No goals were given", "");
  if (table.missed_count == 0)
    return verdict_box("reached", fmt::format("✓ All {} goals reached", count), "");
  std::string rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const bool missed = std::ranges::any_of(
        table.rows[i].standings, [](const auto& named) { return named.second.is_any_missed(); });
    if (!missed) continue;
    fmt::format_to(Out(rows), "{}<a href=\"#{}\">{}</a>", rows.empty() ? "" : ", ", row_anchor(i),
                   escape(table.rows[i].label));
  }
  return verdict_box("missed", fmt::format("✗ {} of {} goals missed", table.missed_count, count),
                     "<p>" + rows + "</p>");
}

std::string check_verdict(const std::vector<Result>& results) {
  std::map<std::string, std::uint64_t> faults;
  std::set<std::string> where;
  for (const Result& result : results) {
    for (const Check& check : result.checks) {
      if (!check.must_be_zero || check.count == 0) continue;
      faults[check.name] += check.count;
      where.insert(fmt::format("{} · {}", result.label, result.target));
    }
  }
  if (faults.empty()) {
    return verdict_box("reached", "✓ All runs are sound",
                       "<p>nothing lost, duplicated, reordered, damaged or refused</p>");
  }
  std::vector<std::string> counts;
  counts.reserve(faults.size());
  for (const auto& [name, count] : faults)
    counts.push_back(fmt::format("{} {}", name, format_number(static_cast<double>(count))));
  return verdict_box("missed", "✗ Not all runs are sound",
                     fmt::format("<p>{}: {}</p>", escape(join(counts, ", ")),
                                 escape(join({where.begin(), where.end()}, ", "))));
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
  return "<div class=\"verdicts\">" + goal_verdict(table) + check_verdict(results) +
         warning_verdict(results) + "</div>";
}

}  // namespace load
