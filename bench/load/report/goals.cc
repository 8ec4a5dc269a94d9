#include "bench/load/report/goals.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

namespace load {
namespace {

// A number is a goal; a table holds the goals of the subject that it is named after.
std::expected<void, std::string> read_row(const toml::table& table, const std::string& subject,
                                          RowGoals& goals) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (const auto* nested = node.as_table(); nested != nullptr && subject.empty()) {
      const auto read = read_row(*nested, name, goals);
      if (!read) return read;
      continue;
    }
    const auto number = node.value<double>();
    if (!number) return std::unexpected(fmt::format("'{}' is no number", name));
    Goal& goal = goals[subject];
    if (name == "value") {
      goal.value_max = *number;
    } else {
      goal.ratios_max[name] = *number;
    }
  }
  return {};
}

}  // namespace

std::expected<Goals, std::string> read_goals(const std::string& path) {
  Goals goals;
  if (path.empty()) return goals;
  try {
    const toml::table root = toml::parse_file(path);
    for (const auto& [label, node] : root) {
      const auto* table = node.as_table();
      if (table == nullptr)
        return std::unexpected(fmt::format("{}: '{}' is no table", path, label.str()));
      const auto read = read_row(*table, "", goals[std::string(label.str())]);
      if (!read) return std::unexpected(fmt::format("{}: {}: {}", path, label.str(), read.error()));
    }
  } catch (const toml::parse_error& error) {
    std::ostringstream message;
    message << path << ": " << error;
    return std::unexpected(message.str());
  }
  return goals;
}

}  // namespace load
