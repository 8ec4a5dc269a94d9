#include "gateway/config/reference.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "gateway/config/environment_source.h"
#include "gateway/config/schema.h"
#include "gateway/config/value.h"

namespace config {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Every setting of Dunlin. The values shown are the defaults; a file needs only what differs.
# Written by `dunlin print-config --reference`; gateway/config holds the source.
#
# A key is taken from the first that names it: command line (--set api.listen=...), environment
# (the variable that stands at each key; items of lists are separated by commas), file, default.
# Sizes are bytes, or texts such as "64KiB", "8MiB", "1GiB".
# Times are milliseconds, or texts such as "250ms", "10s", "5m", "1h".
#
# SIGHUP reads the file again. "Reload: now" and "Reload: for new connections" say what a change
# then does; other changes wait for a restart. Profiles can be added by a reload, not removed.
)";

constexpr std::string_view kProfilesHelp =
    R"(# A public path and how its connections behave; as many as needed. A file with any
# [profiles.NAME] replaces all shipped profiles (`dunlin print-config --defaults` shows those).
# NAME is made of a-z, 0-9, '-' and '_'.
)";

std::string_view reload_phrase(Reload reload) {
  switch (reload) {
    case Reload::kNow:
      return "now";
    case Reload::kNewConnections:
      return "for new connections";
    case Reload::kRestart:
      break;
  }
  return "no, needs a restart";
}

// First letter in upper case; the words come from messages, where they stand in mid-sentence.
std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

bool is_in_table(const Setting& setting, const Table& table) {
  return setting.name.starts_with(table.name) && setting.name[table.name.size()] == '.';
}

std::string documented(const Setting& setting, std::string_view variable, const Value& value) {
  return fmt::format("\n# {}\n# {}. Reload: {}.\n# {}\n{} = {}\n", setting.help,
                     capitalized(expectation(setting)), reload_phrase(setting.reload), variable,
                     last_part(setting.name), to_toml(setting, value));
}

}  // namespace

std::string reference_text() {
  const Config defaults;
  std::string text(kIntroduction);
  for (const Table& table : global_tables()) {
    text += fmt::format("\n\n# {}\n[{}]\n", table.help, table.name);
    for (const auto& setting : global_settings()) {
      if (!is_in_table(setting, table)) continue;
      text += documented(setting, variable_for(setting.name), setting.get(defaults));
    }
  }
  text += fmt::format("\n\n{}[profiles.example]\n", kProfilesHelp);
  Profile example;
  example.path = "/example";  // The one key without a default.
  for (const auto& setting : profile_settings()) {
    const auto variable = variable_for(profile_key("NAME", setting.name));
    text += documented(setting, variable, setting.get(example));
  }
  return text;
}

std::string to_toml(const Config& config) {
  std::string text;
  for (const Table& table : global_tables()) {
    text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", table.name);
    for (const auto& setting : global_settings()) {
      if (!is_in_table(setting, table)) continue;
      text +=
          fmt::format("{} = {}\n", last_part(setting.name), to_toml(setting, setting.get(config)));
    }
  }
  for (const Profile& profile : config.profiles) {
    text += fmt::format("\n[profiles.{}]\n", profile.name);
    for (const auto& setting : profile_settings()) {
      text += fmt::format("{} = {}\n", setting.name, to_toml(setting, setting.get(profile)));
    }
  }
  return text;
}

}  // namespace config
