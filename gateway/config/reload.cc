#include "gateway/config/reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "gateway/config/rules.h"
#include "gateway/config/schema.h"
#include "gateway/config/value.h"

namespace config {
namespace {

TakesEffect effect_of(Reload reload) {
  switch (reload) {
    case Reload::kNow:
      return TakesEffect::kNow;
    case Reload::kNewConnections:
      return TakesEffect::kForNewConnections;
    case Reload::kRestart:
      break;
  }
  return TakesEffect::kAfterRestart;
}

std::string_view phrase(TakesEffect effect) {
  switch (effect) {
    case TakesEffect::kNow:
      return "now";
    case TakesEffect::kForNewConnections:
      return "for new connections";
    case TakesEffect::kAfterRestart:
      break;
  }
  return "after a restart";
}

template <class Owner>
void compare(const BoundSetting<Owner>& setting, const std::string& key, const Owner& old_owner,
             const Owner& new_owner, std::vector<ReloadNote>& notes) {
  const Value before = setting.get(old_owner);
  const Value after = setting.get(new_owner);
  if (before == after) return;
  notes.push_back({.key = key,
                   .before = to_toml(setting, before),
                   .after = to_toml(setting, after),
                   .takes_effect = effect_of(setting.reload)});
}

void compare_profiles(const Profile& old_profile, const Profile& new_profile,
                      std::vector<ReloadNote>& notes) {
  for (const auto& setting : profile_settings()) {
    compare(setting, profile_key(old_profile.name, setting.name), old_profile, new_profile, notes);
  }
}

ReloadNote added(const Profile& profile) {
  return {.key = "profiles." + profile.name,
          .before = {},
          .after = profile.path,
          .takes_effect = TakesEffect::kNow};
}

ReloadNote removed(const Profile& profile) {
  return {.key = "profiles." + profile.name,
          .before = profile.path,
          .after = {},
          .takes_effect = TakesEffect::kAfterRestart};
}

template <class Owner>
void take_reloadable(std::span<const BoundSetting<Owner>> settings, const Owner& from, Owner& to) {
  for (const auto& setting : settings) {
    if (setting.reload != Reload::kRestart) setting.set(to, setting.get(from));
  }
}

void merge_profiles(const Config& new_config, Config& merged) {
  for (Profile& profile : merged.profiles) {
    const Profile* const changed = find_profile(new_config, profile.name);
    if (changed != nullptr) take_reloadable(profile_settings(), *changed, profile);
  }
  for (const Profile& profile : new_config.profiles) {
    if (find_profile(merged, profile.name) == nullptr) merged.profiles.push_back(profile);
  }
}

}  // namespace

std::string to_string(const ReloadNote& note) {
  if (note.before.empty()) return fmt::format("{}: added (now)", note.key);
  if (note.after.empty()) return fmt::format("{}: removed (after a restart)", note.key);
  return fmt::format("{}: {} -> {} ({})", note.key, note.before, note.after,
                     phrase(note.takes_effect));
}

std::vector<ReloadNote> compare_for_reload(const Config& old_config, const Config& new_config) {
  std::vector<ReloadNote> notes;
  for (const auto& setting : global_settings()) {
    compare(setting, std::string(setting.name), old_config, new_config, notes);
  }
  for (const Profile& old_profile : old_config.profiles) {
    const Profile* const new_profile = find_profile(new_config, old_profile.name);
    if (new_profile == nullptr) {
      notes.push_back(removed(old_profile));
    } else {
      compare_profiles(old_profile, *new_profile, notes);
    }
  }
  for (const Profile& new_profile : new_config.profiles) {
    if (find_profile(old_config, new_profile.name) == nullptr) notes.push_back(added(new_profile));
  }
  return notes;
}

std::expected<Config, std::vector<ConfigError>> merge_reloadable(const Config& old_config,
                                                                 const Config& new_config) {
  Config merged = old_config;
  take_reloadable(global_settings(), new_config, merged);
  merge_profiles(new_config, merged);
  merged.token_keys = new_config.token_keys;
  // Paths of pages need no second look: both configurations have passed that rule.
  std::vector<ConfigError> errors;
  for (Finding& finding : find_contradictions(merged, {})) {
    errors.push_back({{.source = "reload without a restart"},
                      std::move(finding.key),
                      std::move(finding.message)});
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return merged;
}

}  // namespace config
