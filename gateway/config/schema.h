// Every setting there is, described once: its key, type, range, unit, help, and whether it can be
// reloaded, bound to its member of Config or Profile. Reading, checks, environment, --set, the
// reference file, print-config and reload reports all walk these tables. To add a setting: one
// field in config.h, one row in global_settings.cc or profile_settings.cc.
//
// Owner: constants.   Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/config/config.h"

namespace config {

// A setting's value in the one form all readers and printers share. A choice is its word.
using Value = std::variant<bool, std::uint64_t, std::string, std::vector<std::string>>;

enum class Kind : std::uint8_t { kBool, kInteger, kChoice, kText, kList };
enum class Unit : std::uint8_t { kNone, kBytes, kMilliseconds, kPercent };
enum class Reload : std::uint8_t { kNow, kNewConnections, kRestart };

// Says what is wrong with a text (or an item of a list), in words that do not repeat it.
using TextCheck = std::optional<std::string> (*)(std::string_view text);

struct Setting {
  std::string_view name;  // "api.body_size_max"; of a profile's settings only the last part.
  std::string_view help;  // One line for the reference file.
  std::uint64_t min = 0;  // Of an integer its value, of a text its bytes, of a list its items.
  std::uint64_t max = 0;
  Unit unit = Unit::kNone;
  std::span<const std::string_view> choices;  // In the order of the enumerators.
  TextCheck check = nullptr;
  Reload reload = Reload::kNow;
  bool secret = false;      // Never shown, not even in errors.
  Kind kind = Kind::kBool;  // Follows from the member's type: bind() sets it.
};

// A setting of Owner, which is Config or Profile.
template <class Owner>
struct BoundSetting : Setting {
  Value (*read)(const Setting&, const Owner&) = nullptr;
  void (*write)(const Setting&, Owner&, const Value&) = nullptr;  // `value` has passed convert().

  [[nodiscard]] Value get(const Owner& owner) const { return read(*this, owner); }
  void set(Owner& owner, const Value& value) const { write(*this, owner, value); }
};

// A table of the file, such as [api].
struct Table {
  std::string_view name;
  std::string_view help;
};

// In the order of the reference file; all keys of one table stand together.
[[nodiscard]] std::span<const Table> global_tables();
[[nodiscard]] std::span<const BoundSetting<Config>> global_settings();
[[nodiscard]] std::span<const BoundSetting<Profile>> profile_settings();

inline constexpr std::string_view kProfilesTable = "profiles";

// "profiles.chat.room"
[[nodiscard]] std::string profile_key(std::string_view profile, std::string_view setting);

[[nodiscard]] Profile* find_profile(Config& config, std::string_view name);
[[nodiscard]] const Profile* find_profile(const Config& config, std::string_view name);

}  // namespace config
