#include "gateway/config/environment_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gateway/config/schema.h"
#include "gateway/config/suggestion.h"

namespace config {
namespace {

using KeysByVariable = std::multimap<std::string, std::string>;

KeysByVariable all_variables(const Config& config) {
  KeysByVariable variables;
  const auto add = [&](std::string key) {
    std::string variable = variable_for(key);
    variables.emplace(std::move(variable), std::move(key));
  };
  for (const auto& setting : global_settings()) add(std::string(setting.name));
  for (const Profile& profile : config.profiles) {
    for (const auto& setting : profile_settings()) add(profile_key(profile.name, setting.name));
  }
  return variables;
}

// Kubernetes gives every container variables for every service of its namespace: for one called
// dunlin, DUNLIN_SERVICE_HOST=10.0.0.1, DUNLIN_SERVICE_PORT_WS=8080,
// DUNLIN_PORT=tcp://10.0.0.1:8080, DUNLIN_PORT_8080_TCP_ADDR=10.0.0.1. No key of ours has such a
// name.
bool is_made_by_kubernetes(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos) {
    return true;
  }
  // By its value: DUNLIN_PUBLIC_PORT=8080 is somebody's guess at a key, and must not be ignored.
  if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos) return true;
  const auto port = name.find("_PORT_");
  return port != std::string_view::npos && port + 6 < name.size() && name[port + 6] >= '0' &&
         name[port + 6] <= '9';
}

std::string suggestion_among(const KeysByVariable& variables, std::string_view name) {
  std::vector<std::string> names{std::string(kFileVariable)};
  for (const auto& [variable, key] : variables) names.push_back(variable);
  return suggestion_for(name, names);
}

void read_variable(const std::string& name, const std::string& value,
                   const KeysByVariable& variables, EnvironmentContents& contents) {
  const Location where{.source = name};
  const auto [first, last] = variables.equal_range(name);
  if (first == last) {
    contents.errors.push_back({where, "", "unknown variable" + suggestion_among(variables, name)});
  } else if (std::next(first) != last) {
    contents.errors.push_back(
        {where, "",
         fmt::format("could mean {} or {}; use --set", first->second, std::next(first)->second)});
  } else {
    contents.assignments.push_back({first->second, PlainText{value}, where});
  }
}

}  // namespace

EnvironmentContents read_variables(const Environment& environment, const Config& config) {
  const KeysByVariable variables = all_variables(config);
  EnvironmentContents contents;
  for (const auto& [name, value] : environment) {
    const bool ours = name.starts_with(kVariablePrefix) && name != kFileVariable;
    if (!ours || (!variables.contains(name) && is_made_by_kubernetes(name, value))) continue;
    read_variable(name, value, variables, contents);
  }
  return contents;
}

std::string variable_for(std::string_view key) {
  std::string variable(kVariablePrefix);
  for (const char c : key) {
    const bool is_separator = c == '.' || c == '-';
    const bool is_lower = c >= 'a' && c <= 'z';
    variable += is_separator ? '_' : is_lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return variable;
}

}  // namespace config
