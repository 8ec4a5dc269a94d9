#include "bench/load/report/runs.h"

#include <algorithm>

#include "bench/load/report/table.h"

namespace load {
namespace {

template <typename Item>
const Item* find_named(const std::vector<Item>& items, const std::string& name) {
  const auto found = std::ranges::find(items, name, &Item::name);
  return found == items.end() ? nullptr : &*found;
}

// The items of the first repetitions, each name once.
template <typename Item>
std::vector<const Item*> first_of_each(const std::vector<TargetRuns>& targets,
                                       std::vector<Item> Result::* items) {
  std::vector<const Item*> found;
  for (const TargetRuns& runs : targets) {
    for (const Item& item : runs.repetitions.front()->*items) {
      const bool is_known =
          std::ranges::any_of(found, [&](const Item* known) { return known->name == item.name; });
      if (!is_known) found.push_back(&item);
    }
  }
  return found;
}

std::vector<std::string> targets_of(const std::vector<const Result*>& results,
                                    const std::string& subject) {
  std::vector<std::string> targets;
  for (const Result* result : results) {
    if (std::ranges::find(targets, result->target) == targets.end())
      targets.push_back(result->target);
  }
  std::ranges::stable_partition(targets, [&](const std::string& t) { return t == subject; });
  return targets;
}

RowRuns& row_of(Runs& runs, const std::string& label) {
  const auto found = std::ranges::find(runs.rows, label, &RowRuns::label);
  if (found != runs.rows.end()) return *found;
  return runs.rows.emplace_back(RowRuns{.label = label, .targets = {}});
}

}  // namespace

std::vector<const Metric*> TargetRuns::metrics(const std::string& name) const {
  std::vector<const Metric*> found;
  for (const Result* result : repetitions) {
    if (const Metric* metric = find_named(result->metrics, name)) found.push_back(metric);
  }
  return found;
}

std::optional<double> TargetRuns::median_of(const std::string& metric) const {
  std::vector<double> values;
  for (const Metric* found : metrics(metric)) values.push_back(found->value);
  if (values.empty()) return std::nullopt;
  return median(std::move(values));
}

Histogram TargetRuns::latency(const std::string& name) const {
  Histogram merged;
  for (const Result* result : repetitions) {
    if (const Latency* latency = find_named(result->latencies, name))
      merged.merge(latency->histogram);
  }
  return merged;
}

std::uint64_t TargetRuns::count_of(const std::string& check) const {
  std::uint64_t count = 0;
  for (const Result* result : repetitions) {
    if (const Check* found = find_named(result->checks, check)) count += found->count;
  }
  return count;
}

std::vector<const Metric*> RowRuns::metrics() const {
  return first_of_each(targets, &Result::metrics);
}

std::vector<const Latency*> RowRuns::latencies() const {
  return first_of_each(targets, &Result::latencies);
}

Runs sort_runs(const std::vector<Result>& results, const std::string& subject) {
  std::vector<const Result*> ordered;
  ordered.reserve(results.size());
  for (const Result& result : results) ordered.push_back(&result);
  std::ranges::stable_sort(ordered, {}, &Result::started_at);

  Runs runs{.targets = targets_of(ordered, subject), .rows = {}};
  for (const Result* result : ordered) {
    std::vector<TargetRuns>& targets = row_of(runs, result->label).targets;
    auto found = std::ranges::find(targets, result->target, &TargetRuns::target);
    if (found == targets.end()) {
      const auto place = std::ranges::find(runs.targets, result->target) - runs.targets.begin();
      found = targets.insert(targets.end(), {.target = result->target,
                                             .series = static_cast<std::size_t>(place),
                                             .is_subject = result->target == subject,
                                             .repetitions = {}});
    }
    found->repetitions.push_back(result);
  }
  for (RowRuns& row : runs.rows) std::ranges::sort(row.targets, {}, &TargetRuns::series);
  return runs;
}

}  // namespace load
