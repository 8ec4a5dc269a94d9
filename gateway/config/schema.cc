#include "gateway/config/schema.h"

#include <algorithm>

namespace config {

std::string profile_key(std::string_view profile, std::string_view setting) {
  std::string key(kProfilesTable);
  key.append(".").append(profile).append(".").append(setting);
  return key;
}

Profile* find_profile(Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.profiles, name, &Profile::name);
  return found == config.profiles.end() ? nullptr : &*found;
}

const Profile* find_profile(const Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.profiles, name, &Profile::name);
  return found == config.profiles.end() ? nullptr : &*found;
}

}  // namespace config
