#include "bench/load/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/load/report/text.h"
#include "bench/load/report/text_grid.h"

namespace load {
namespace {

const Metric* metric_of(const Result& result, std::string_view name) {
  const auto found = std::ranges::find(result.metrics, name, &Metric::name);
  return found == result.metrics.end() ? nullptr : &*found;
}

std::string with_micro_sign(const std::string& unit) {
  return unit.starts_with("us") ? "µs" + unit.substr(2) : unit;
}

// "open" or "closed" where messages are sent all the time; else empty.
std::string loop_of(const Result& result) {
  const auto found =
      std::ranges::find(result.parameters, "loop", &std::pair<std::string, std::string>::first);
  return found == result.parameters.end() ? "" : found->second;
}

Row& row_of(Table& table, const std::string& label) {
  const auto found = std::ranges::find(table.rows, label, &Row::label);
  if (found != table.rows.end()) return *found;
  return table.rows.emplace_back(Row{.label = label,
                                     .unit = {},
                                     .meaning = {},
                                     .values = {},
                                     .standings = {},
                                     .unmeasured = {},
                                     .faults = {},
                                     .exceeded = {}});
}

void add_result(Row& row, const Result& result) {
  for (const Check& check : result.checks) {
    if (check.must_be_zero && check.count != 0)
      row.faults[result.target][check.name] += check.count;
  }
  for (const std::string& bound : result.exceeded) row.exceeded.emplace_back(result.target, bound);
  const auto headline = headline_of(result);
  if (!headline) return;
  row.values[result.target].push_back(headline->value);
  if (!row.unit.empty()) return;
  row.unit = headline->unit;
  row.meaning = headline->meaning;
}

// The row's goals by the subject's name, also those of the subject that was asked for.
RowGoals goals_of(const Table& table, const Row& row, const Goals& goals) {
  RowGoals named{{table.subject, {}}};
  const auto found = goals.find(row.label);
  if (found == goals.end()) return named;
  for (const auto& [subject, goal] : found->second) {
    Goal& own = named[subject.empty() ? table.subject : subject];
    own.ratios_max.insert(goal.ratios_max.begin(), goal.ratios_max.end());
    if (goal.value_max > 0) own.value_max = goal.value_max;
  }
  return named;
}

Standing standing_of(const Row& row, const std::string& subject, const Goal& goal) {
  Standing standing{.value = median(row.values.at(subject)),
                    .value_goal = {},
                    .is_sound = row.is_sound(subject),
                    .ratios = {}};
  if (goal.value_max > 0) standing.value_goal = goal.value_max;
  for (const auto& [target, values] : row.values) {
    if (target == subject || median(values) <= 0) continue;
    Ratio& ratio = standing.ratios[target];
    ratio.value = standing.value / median(values);
    ratio.is_sound = standing.is_sound && row.is_sound(target);
    const auto ratio_max = goal.ratios_max.find(target);
    if (ratio_max != goal.ratios_max.end()) ratio.goal = ratio_max->second;
  }
  return standing;
}

void count_goals(Table& table, const Standing& standing) {
  const auto count = [&](bool missed) { ++(missed ? table.missed_count : table.reached_count); };
  if (standing.value_goal) count(standing.is_value_missed());
  for (const auto& [target, ratio] : standing.ratios) {
    if (ratio.goal) count(ratio.is_missed());
  }
}

// `standing` is null where the subject has no figure.
void note_unmeasured(Row& row, const std::string& subject, const Goal& goal,
                     const Standing* standing) {
  if (goal.value_max > 0 && standing == nullptr)
    row.unmeasured.push_back({.subject = subject, .reference = {}});
  for (const auto& [reference, ratio_max] : goal.ratios_max) {
    if (standing == nullptr || !standing->ratios.contains(reference))
      row.unmeasured.push_back({.subject = subject, .reference = reference});
  }
}

void judge(Table& table, Row& row, const Goals& goals) {
  for (const auto& [subject, goal] : goals_of(table, row, goals)) {
    const Standing* standing = nullptr;
    if (row.values.contains(subject)) {
      standing = &(row.standings[subject] = standing_of(row, subject, goal));
      count_goals(table, *standing);
      if (std::ranges::find(table.subjects, subject) == table.subjects.end())
        table.subjects.push_back(subject);
    }
    note_unmeasured(row, subject, goal, standing);
  }
  table.unmeasured_count += row.unmeasured.size();
}

std::string with_goal(const std::string& value, bool missed, const std::string& goal) {
  return fmt::format("{} {} {}", value, missed ? ">!" : "<=", goal);
}

std::string with_mark(const std::string& value, bool is_sound) {
  return is_sound ? value : value + " (!)";
}

std::string format_ratio(const Standing& standing, const std::string& target) {
  const auto found = standing.ratios.find(target);
  if (found == standing.ratios.end()) return "-";
  const Ratio& ratio = found->second;
  const std::string value = with_mark(fmt::format("{:.3f}", ratio.value), ratio.is_sound);
  return ratio.goal ? with_goal(value, ratio.is_missed(), fmt::format("{}", *ratio.goal)) : value;
}

std::string format_value(const Row& row, const std::string& target) {
  const auto values = row.values.find(target);
  std::string value =
      with_mark(values == row.values.end() ? "-" : format_number(median(values->second)),
                row.is_sound(target));
  const auto standing = row.standings.find(target);
  if (standing == row.standings.end()) return value;
  const std::optional<double>& goal = standing->second.value_goal;
  return goal ? with_goal(value, standing->second.is_value_missed(), format_number(*goal)) : value;
}

std::vector<TextLine> value_lines(const Table& table) {
  std::vector<TextLine> lines;
  TextLine& head = lines.emplace_back(TextLine{"median of repetitions"});
  head.insert(head.end(), table.targets.begin(), table.targets.end());
  for (const Row& row : table.rows) {
    TextLine& line = lines.emplace_back(
        TextLine{row.unit.empty() ? row.label : fmt::format("{}, {}", row.label, row.unit)});
    for (const std::string& target : table.targets) line.push_back(format_value(row, target));
  }
  return lines;
}

// Of a subject that was not asked for only the rows in which it has a goal.
std::vector<TextLine> ratio_lines(const Table& table, const std::string& subject) {
  std::vector<TextLine> lines;
  TextLine& head = lines.emplace_back(TextLine{subject});
  for (const std::string& target : table.targets) {
    if (target != subject) head.push_back("/" + target);
  }
  for (const Row& row : table.rows) {
    const auto standing = row.standings.find(subject);
    if (standing == row.standings.end()) continue;
    TextLine& line = lines.emplace_back(TextLine{row.label});
    for (const std::string& target : table.targets) {
      if (target != subject) line.push_back(format_ratio(standing->second, target));
    }
  }
  return lines;
}

void append_ratios(std::string& out, const Table& table) {
  if (table.targets.size() < 2) return;
  for (const std::string& subject : table.subjects)
    out += "\n" + to_text(ratio_lines(table, subject));
}

void append_goals(std::string& out, const Table& table) {
  if (table.reached_count + table.missed_count + table.unmeasured_count == 0) return;
  out += fmt::format("\n{} goals reached (<=), {} missed (>!), {} not measured\n",
                     table.reached_count, table.missed_count, table.unmeasured_count);
  for (const Row& row : table.rows) {
    for (const UnmeasuredGoal& goal : row.unmeasured)
      out += fmt::format("  not measured: {}: {}\n", row.label, to_text(goal));
  }
}

// What is behind each mark, and what else failed.
void append_faults(std::string& out, const Table& table) {
  std::string lines;
  for (const Row& row : table.rows) {
    for (const auto& [target, faults] : row.faults)
      lines += fmt::format("  (!) {}: {}: {}\n", row.label, target, to_text(faults));
  }
  if (!lines.empty()) out += "\nnot sound, so that goals judged by it are missed\n" + lines;
  lines.clear();
  for (const Row& row : table.rows) {
    for (const auto& [target, bound] : row.exceeded)
      lines += fmt::format("  {}: {}: {}\n", row.label, target, bound);
  }
  if (!lines.empty()) out += "\nbounds that were exceeded\n" + lines;
}

}  // namespace

bool Standing::is_any_missed() const {
  return is_value_missed() ||
         std::ranges::any_of(ratios, [](const auto& named) { return named.second.is_missed(); });
}

const Latency* main_latency_of(const Result& result) {
  const bool sends = !loop_of(result).empty();
  const std::vector<std::string_view> names =
      sends ? std::vector<std::string_view>{"push", "echo", "delivery"}
            : std::vector<std::string_view>{"reconnection", "handshake"};
  for (const std::string_view name : names) {
    const auto latency = std::ranges::find(result.latencies, name, &Latency::name);
    if (latency != result.latencies.end()) return &*latency;
  }
  return nullptr;
}

std::optional<Headline> headline_of(const Result& result) {
  if (loop_of(result) == "open") {
    const Latency* latency = main_latency_of(result);
    if (latency == nullptr) return std::nullopt;  // Nothing that was due ever arrived.
    return Headline{
        .unit = "p99 us",
        .meaning = fmt::format("99th percentile of {}, µs: {}", latency->name, latency->meaning),
        .value = static_cast<double>(latency->histogram.percentile(99)) / 1e3};
  }
  if (const Metric* cpu = metric_of(result, "server_cpu")) {
    return Headline{.unit = "CPU us",
                    .meaning = "server CPU, " + with_micro_sign(cpu->unit),
                    .value = cpu->value};
  }
  if (const Metric* memory = metric_of(result, "user_memory"))
    return Headline{
        .unit = "bytes", .meaning = "server memory, " + memory->unit, .value = memory->value};
  return std::nullopt;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Table tabulate(std::vector<Result> results, const std::string& subject, const Goals& goals) {
  // Files come in the order of their names; rows shall come in the order in which they were run.
  std::ranges::stable_sort(results, {}, &Result::started_at);
  Table table{.subject = subject, .targets = {}, .subjects = {}, .rows = {}};
  for (const Result& result : results) {
    if (std::ranges::find(table.targets, result.target) == table.targets.end())
      table.targets.push_back(result.target);
    add_result(row_of(table, result.label), result);
  }
  const auto others = std::ranges::stable_partition(
      table.targets, [&](const std::string& target) { return target == subject; });
  table.subjects.assign(table.targets.begin(), others.begin());
  for (Row& row : table.rows) judge(table, row, goals);
  return table;
}

bool Table::has_passed() const {
  return missed_count == 0 && unmeasured_count == 0 &&
         std::ranges::all_of(rows, [&](const Row& row) {
           return row.is_sound(subject) &&
                  std::ranges::none_of(row.exceeded,
                                       [&](const auto& bound) { return bound.first == subject; });
         });
}

std::string to_text(const Faults& faults) {
  std::string out;
  for (const auto& [name, count] : faults) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name,
                       format_number(static_cast<double>(count)));
  }
  return out;
}

std::string to_text(const UnmeasuredGoal& goal) {
  return goal.reference.empty() ? goal.subject : goal.subject + " / " + goal.reference;
}

std::string to_text(const Table& table) {
  std::string out = to_text(value_lines(table));
  append_ratios(out, table);
  append_faults(out, table);
  append_goals(out, table);
  return out;
}

}  // namespace load
