#include "bench/load/report/goals.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

namespace load {

std::expected<Goals, std::string> read_goals(const std::string& path) {
  Goals goals;
  if (path.empty()) return goals;
  try {
    const toml::table root = toml::parse_file(path);
    for (const auto& [label, node] : root) {
      const auto* table = node.as_table();
      if (table == nullptr)
        return std::unexpected(fmt::format("{}: '{}' is no table", path, label.str()));
      Goal& goal = goals[std::string(label.str())];
      for (const auto& [name, value] : *table) {
        const auto number = value.value<double>();
        if (!number) return std::unexpected(fmt::format("{}: '{}' is no number", path, name.str()));
        if (name == "value") {
          goal.value_max = *number;
        } else {
          goal.ratios_max[std::string(name.str())] = *number;
        }
      }
    }
  } catch (const toml::parse_error& error) {
    std::ostringstream message;
    message << path << ": " << error;
    return std::unexpected(message.str());
  }
  return goals;
}

}  // namespace load
