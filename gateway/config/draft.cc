#include "gateway/config/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "gateway/config/suggestion.h"

namespace config {
namespace {

std::vector<std::string> names_of(std::span<const BoundSetting<Config>> settings) {
  std::vector<std::string> names;
  for (const auto& setting : settings) names.emplace_back(setting.name);
  return names;
}

std::vector<std::string> keys_of_profile(std::string_view profile) {
  std::vector<std::string> keys;
  keys.reserve(profile_settings().size());
  for (const auto& setting : profile_settings()) keys.push_back(profile_key(profile, setting.name));
  return keys;
}

std::vector<std::string> profile_tables(const Config& config) {
  std::vector<std::string> tables;
  tables.reserve(config.profiles.size());
  for (const Profile& profile : config.profiles) tables.push_back("profiles." + profile.name);
  return tables;
}

template <class Owner>
const BoundSetting<Owner>* find_setting(std::span<const BoundSetting<Owner>> settings,
                                        std::string_view name) {
  const auto found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : &*found;
}

}  // namespace

void Draft::clear_profiles() {
  config_.profiles.clear();
  std::erase_if(locations_, [](const auto& entry) { return entry.first.starts_with("profiles."); });
}

void Draft::add_profile(std::string name, Location where) {
  if (config_.profiles.size() >= kProfilesMax) {
    report({where, "profiles." + name, fmt::format("more than {} profiles", kProfilesMax)});
    return;
  }
  locations_.insert_or_assign("profiles." + name, std::move(where));
  config_.profiles.emplace_back().name = std::move(name);
}

void Draft::assign(const Assignment& assignment) {
  if (assignment.key.starts_with("profiles.")) {
    assign_in_profile(assignment);
  } else {
    assign_global(assignment);
  }
}

void Draft::report(ConfigError error) {
  if (!error.key.empty() && !failed_keys_.insert(error.key).second) return;
  errors_.push_back(std::move(error));
}

Location Draft::location_of(const std::string& key, const Location& otherwise) const {
  if (const auto found = locations_.find(key); found != locations_.end()) return found->second;
  const auto table = locations_.find(std::string_view(key).substr(0, key.rfind('.')));
  return table != locations_.end() ? table->second : otherwise;
}

void Draft::assign_global(const Assignment& assignment) {
  if (const auto* setting = find_setting(global_settings(), assignment.key)) {
    assign_to(config_, *setting, assignment);
    return;
  }
  const auto hint = suggestion_for(assignment.key, names_of(global_settings()));
  report({assignment.where, assignment.key, "unknown key" + hint});
}

void Draft::assign_in_profile(const Assignment& assignment) {
  const std::string_view path = std::string_view(assignment.key).substr(kProfilesTable.size() + 1);
  const auto dot = path.find('.');
  const std::string name(path.substr(0, dot));
  Profile* const profile = find_profile(config_, name);
  if (profile == nullptr || dot == std::string_view::npos) {
    const auto hint = suggestion_for("profiles." + name, profile_tables(config_));
    const auto* const message = profile == nullptr ? "no such profile" : "unknown key";
    report({assignment.where, assignment.key, message + (profile == nullptr ? hint : "")});
    return;
  }
  if (const auto* setting = find_setting(profile_settings(), path.substr(dot + 1))) {
    assign_to(*profile, *setting, assignment);
    return;
  }
  const auto hint = suggestion_for(assignment.key, keys_of_profile(name));
  report({assignment.where, assignment.key, "unknown key" + hint});
}

template <class Owner>
void Draft::assign_to(Owner& owner, const BoundSetting<Owner>& setting,
                      const Assignment& assignment) {
  const auto value = convert(setting, assignment.value);
  if (!value) {
    report({assignment.where, assignment.key, value.error()});
    return;
  }
  setting.set(owner, *value);
  locations_.insert_or_assign(assignment.key, assignment.where);
}

}  // namespace config
