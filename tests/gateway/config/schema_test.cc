#include "gateway/config/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "gateway/config/text_checks.h"
#include "gateway/config/value.h"
#include "gateway/observe/log_line.h"

namespace config {
namespace {

// A value within the setting's range that is not `current`.
Value another(const Setting& setting, const Value& current) {
  if (setting.kind == Kind::kBool) return !std::get<bool>(current);
  if (setting.kind == Kind::kInteger) {
    return std::get<std::uint64_t>(current) == setting.max ? setting.min : setting.max;
  }
  if (setting.kind == Kind::kChoice) {
    const bool is_first = std::get<std::string>(current) == setting.choices.front();
    return std::string(is_first ? setting.choices.back() : setting.choices.front());
  }
  if (setting.kind == Kind::kText) return std::get<std::string>(current) + "x";
  return std::vector<std::string>{"x"};
}

template <class Owner>
void expect_each_setting_is_its_own_member(std::span<const BoundSetting<Owner>> settings) {
  const Owner defaults{};
  for (const auto& setting : settings) {
    Owner owner{};
    const Value changed = another(setting, setting.get(defaults));
    setting.set(owner, changed);
    EXPECT_EQ(setting.get(owner), changed) << setting.name;
    for (const auto& other : settings) {
      if (other.name == setting.name) continue;
      EXPECT_EQ(other.get(owner), other.get(defaults)) << setting.name << " changed " << other.name;
    }
  }
}

TEST(Schema, EachSettingIsItsOwnMember) {
  expect_each_setting_is_its_own_member(global_settings());
  expect_each_setting_is_its_own_member(profile_settings());
}

template <class Owner>
void expect_defaults_are_in_range(std::span<const BoundSetting<Owner>> settings) {
  for (const auto& setting : settings) {
    if (setting.kind != Kind::kInteger) continue;
    const auto number = std::get<std::uint64_t>(setting.get(Owner{}));
    EXPECT_GE(number, setting.min) << setting.name;
    EXPECT_LE(number, setting.max) << setting.name;
  }
}

TEST(Schema, DefaultsAreInRange) {
  expect_defaults_are_in_range(global_settings());
  expect_defaults_are_in_range(profile_settings());
}

// Stands for a value of any type, to see how many of them an aggregate takes.
struct Anything {
  template <class Type>
  operator Type() const;  // Never called: NOLINT(google-explicit-constructor)
};

template <class Aggregate, class... Fields>
consteval std::size_t field_count() {
  if constexpr (requires { Aggregate{Fields{}..., Anything{}}; }) {
    return field_count<Aggregate, Fields..., Anything>();
  } else {
    return sizeof...(Fields);
  }
}

TEST(Schema, HasARowForEveryField) {
  static_assert(field_count<Config>() == 9, "a new table needs a line below");
  EXPECT_EQ(global_settings().size(), field_count<Public>() + field_count<Handshake>() +
                                          field_count<Api>() + field_count<Hub>() +
                                          field_count<Compression>() + field_count<Drain>() +
                                          field_count<Log>() + field_count<Canary>());
  EXPECT_EQ(profile_settings().size(), field_count<Profile>() - 1) << "all but the name";
}

TEST(Schema, NamesAreUniqueAndInTables) {
  std::set<std::string_view> names;
  for (const auto& setting : global_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    const auto table = setting.name.substr(0, setting.name.find('.'));
    EXPECT_NE(std::ranges::find(global_tables(), table, &Table::name), global_tables().end());
  }
  for (const auto& setting : profile_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_EQ(setting.name.find('.'), std::string_view::npos);
  }
}

TEST(Schema, UnitsStandInTheNames) {
  const auto check = [](const Setting& setting) {
    EXPECT_EQ(setting.name.ends_with("_ms"), setting.unit == Unit::kMilliseconds) << setting.name;
    if (setting.unit == Unit::kBytes) {
      EXPECT_NE(setting.name.find("size"), std::string_view::npos) << setting.name;
    }
  };
  for (const auto& setting : global_settings()) check(setting);
  for (const auto& setting : profile_settings()) check(setting);
}

TEST(Schema, KnowsTheLevelsOfTheLog) {
  for (const auto& setting : global_settings()) {
    if (setting.name != "log.level") continue;
    ASSERT_EQ(setting.choices.size(), 6U);
    for (const auto level : setting.choices) EXPECT_TRUE(observe::log_level_from(level)) << level;
  }
}

struct Check {
  TextCheck check;
  std::string_view text;
  bool good;
};

const std::string kKey15(15, 'k');
const std::string kKey16(16, 'k');
const std::string kKey512(512, 'k');
const std::string kKey513(513, 'k');
const std::string kName64(64, 'n');
const std::string kName65(65, 'n');

const Check kChecks[] = {
    {check_listen, "127.0.0.1:0", true},
    {check_listen, "[::]:80", true},
    {check_listen, "localhost:80", true},
    {check_listen, "example.org:80", false},
    {check_listen, "80", false},
    {check_key, kKey15, false},
    {check_key, kKey16, true},
    {check_key, kKey512, true},
    {check_key, kKey513, false},
    {check_key, "has a space in it", false},
    {check_key, "has-an-\xc3\xa4-in-it-", false},
    {check_path, "/", true},
    {check_path, "/a/b-c_d.e~1", true},
    {check_path, "a", false},
    {check_path, "/a?b", false},
    {check_path, "/a%20b", false},
    {check_path, "/a b", false},
    {check_parameter, "specialKey", true},
    {check_parameter, "a=b", false},
    {check_parameter, "a&b", false},
    {check_channel, "news:\xc3\xa4", true},
    {check_channel, "a\nb", false},
    {check_channel, "a\x7f", false},
    {check_channel_pattern, "*", true},
    {check_channel_pattern, "news:*", true},
    {check_channel_pattern, "news", true},
    {check_channel_pattern, "*news", false},
    {check_channel_pattern, "n*ws*", false},
    {check_origin, "same", true},
    {check_origin, "any", true},
    {check_origin, "null", true},
    {check_origin, "https://example.org", true},
    {check_origin, "http://localhost:3000", true},
    {check_origin, "https://[::1]:3000", true},
    {check_origin, "capacitor://localhost", true},
    {check_origin, "https://example.org/", false},
    {check_origin, "https://Example.org", false},
    {check_origin, "https://", false},
    {check_origin, "://x", false},
    {check_origin, "example.org", false},
    {check_origin, "https://a b", false},
    {check_profile_name, "a-b_9", true},
    {check_profile_name, kName64, true},
    {check_profile_name, kName65, false},
    {check_profile_name, "", false},
    {check_profile_name, "A", false},
    {check_profile_name, "a.b", false},
};

TEST(TextChecks, AgreeWithTheTable) {
  for (const Check& row : kChecks) {
    const auto complaint = row.check(row.text);
    EXPECT_EQ(!complaint, row.good) << row.text << ": " << complaint.value_or("no complaint");
  }
}

}  // namespace
}  // namespace config
