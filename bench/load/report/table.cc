#include "bench/load/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/load/report/text.h"

namespace load {
namespace {

std::optional<double> metric_of(const Result& result, std::string_view name) {
  const auto found = std::ranges::find(result.metrics, name, &Metric::name);
  if (found == result.metrics.end()) return std::nullopt;
  return found->value;
}

bool is_open_loop(const Result& result) {
  const auto found =
      std::ranges::find(result.parameters, "loop", &std::pair<std::string, std::string>::first);
  return found != result.parameters.end() && found->second == "open";
}

Row& row_of(Table& table, const std::string& label, const std::string& unit) {
  const auto found = std::ranges::find(table.rows, label, &Row::label);
  if (found != table.rows.end()) return *found;
  table.rows.push_back({.label = label, .unit = unit});
  return table.rows.back();
}

void judge(Table& table, Row& row, const Goals& goals) {
  const auto subject = row.values.find(table.subject);
  if (subject == row.values.end()) return;
  const double value = median(subject->second);
  const auto goal = goals.find(row.label);
  for (const auto& [target, values] : row.values) {
    if (target == table.subject || median(values) <= 0) continue;
    Ratio ratio{.value = value / median(values), .goal = {}};
    if (goal != goals.end()) {
      const auto limit = goal->second.ratios_max.find(target);
      if (limit != goal->second.ratios_max.end()) ratio.goal = limit->second;
    }
    if (ratio.is_missed()) ++table.missed_count;
    row.ratios[target] = ratio;
  }
  if (goal != goals.end() && goal->second.value_max > 0) {
    row.value_goal = goal->second.value_max;
    if (value > *row.value_goal) ++table.missed_count;
  }
}

std::string format_ratio(const Row& row, const std::string& target) {
  const auto found = row.ratios.find(target);
  if (found == row.ratios.end()) return "-";
  const Ratio& ratio = found->second;
  if (!ratio.goal) return fmt::format("{:.3f}", ratio.value);
  return fmt::format("{:.3f} {} {:.2f}", ratio.value, ratio.is_missed() ? ">!" : "<=", *ratio.goal);
}

std::string format_value(const Row& row, const std::string& target, const std::string& subject) {
  const auto found = row.values.find(target);
  if (found == row.values.end()) return "-";
  const double value = median(found->second);
  std::string text = format_number(value);
  if (target != subject || !row.value_goal) return text;
  return fmt::format("{} {} {}", text,
                     value > *row.value_goal ? ">!" : "<=", format_number(*row.value_goal));
}

}  // namespace

std::optional<Headline> headline_of(const Result& result) {
  if (is_open_loop(result)) {
    for (const std::string_view name : {"push", "echo", "delivery"}) {
      const auto latency = std::ranges::find(result.latencies, name, &Latency::name);
      if (latency == result.latencies.end()) continue;
      return Headline{.unit = "p99 us",
                      .value = static_cast<double>(latency->histogram.percentile(99)) / 1e3};
    }
    return std::nullopt;  // Nothing that was due in the recorded time ever arrived.
  }
  if (const auto cpu = metric_of(result, "server_cpu"))
    return Headline{.unit = "CPU us", .value = *cpu};
  if (const auto memory = metric_of(result, "user_memory"))
    return Headline{.unit = "bytes", .value = *memory};
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
  Table table{.subject = subject, .targets = {}, .rows = {}, .missed_count = 0};
  for (const Result& result : results) {
    const auto headline = headline_of(result);
    if (!headline) continue;
    if (std::ranges::find(table.targets, result.target) == table.targets.end())
      table.targets.push_back(result.target);
    Row& row = row_of(table, result.label, headline->unit);
    row.values[result.target].push_back(headline->value);
    row.is_sound = row.is_sound && result.is_sound();
  }
  for (Row& row : table.rows) judge(table, row, goals);
  return table;
}

std::string to_text(const Table& table) {
  std::string out = fmt::format("{:<26}{:<8}", "median of repetitions", "");
  for (const std::string& target : table.targets) out += fmt::format("{:>14}", target);
  for (const std::string& target : table.targets) {
    if (target != table.subject) out += fmt::format("{:>18}", "/" + target);
  }
  out += '\n';
  for (const Row& row : table.rows) {
    out += fmt::format("{:<26}{:<8}", row.label, row.unit);
    for (const std::string& target : table.targets) {
      out += fmt::format("{:>14}", format_value(row, target, table.subject));
    }
    for (const std::string& target : table.targets) {
      if (target != table.subject) out += fmt::format("{:>18}", format_ratio(row, target));
    }
    out += row.is_sound ? "\n" : "  (!) a run was not sound\n";
  }
  if (table.missed_count > 0) out += fmt::format("{} goals missed (>!)\n", table.missed_count);
  return out;
}

}  // namespace load
