// bind(): ties a Setting to the member it describes. For global_settings.cc and
// profile_settings.cc.
//
// Owner: constants.   Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gateway/config/schema.h"

namespace config {

template <class Class, class Member>
Class class_of(Member Class::*);

// The member reached through a path of pointers: member<&Config::api, &Api::listen>(config).
template <auto... Path, class Owner>
constexpr auto& member(Owner& owner) {
  return (owner.*....*Path);
}

template <class Field>
consteval Kind kind_of(const Setting& setting) {
  if constexpr (std::is_same_v<Field, bool>) return Kind::kBool;
  if constexpr (std::is_enum_v<Field>) return Kind::kChoice;
  if constexpr (std::is_integral_v<Field>) return Kind::kInteger;
  if constexpr (std::is_same_v<Field, std::string>) {
    return setting.choices.empty() ? Kind::kText : Kind::kChoice;
  }
  return Kind::kList;
}

template <class Field>
Value to_value(const Setting& setting, const Field& field) {
  if constexpr (std::is_enum_v<Field>) {
    return std::string(setting.choices[static_cast<std::size_t>(field)]);
  } else if constexpr (std::is_integral_v<Field> && !std::is_same_v<Field, bool>) {
    return std::uint64_t{field};
  } else {
    return field;
  }
}

template <class Field>
void from_value(const Setting& setting, Field& field, const Value& value) {
  if constexpr (std::is_enum_v<Field>) {
    const auto word = std::ranges::find(setting.choices, std::get<std::string>(value));
    field = static_cast<Field>(word - setting.choices.begin());
  } else if constexpr (std::is_integral_v<Field> && !std::is_same_v<Field, bool>) {
    field = static_cast<Field>(std::get<std::uint64_t>(value));
  } else {
    field = std::get<Field>(value);
  }
}

// Fails to compile when the range does not fit the member or is missing where one is needed.
template <auto First, auto... Rest>
consteval auto bind(Setting setting) {
  using Owner = decltype(class_of(First));
  using Field = std::remove_reference_t<decltype(member<First, Rest...>(std::declval<Owner&>()))>;
  setting.kind = kind_of<Field>(setting);
  const bool has_range = setting.kind != Kind::kBool && setting.kind != Kind::kChoice;
  if (setting.help.empty()) throw "a setting without help";
  if (has_range && setting.max <= setting.min) throw "a setting without a range";
  if constexpr (std::is_unsigned_v<Field> && !std::is_same_v<Field, bool>) {
    if (setting.max > std::numeric_limits<Field>::max()) throw "the range exceeds the member";
  }
  BoundSetting<Owner> bound{setting};
  bound.read = [](const Setting& s, const Owner& owner) {
    return to_value(s, member<First, Rest...>(owner));
  };
  bound.write = [](const Setting& s, Owner& owner, const Value& value) {
    from_value(s, member<First, Rest...>(owner), value);
  };
  return bound;
}

}  // namespace config
