// The values that a member or parameter may have by name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proto/push/push_request.h"

namespace push {

template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

inline constexpr Choice<Policy> kPolicies[] = {{"queue", Policy::kQueue},
                                               {"conflate", Policy::kConflate},
                                               {"drop_oldest", Policy::kDropOldest},
                                               {"drop_newest", Policy::kDropNewest},
                                               {"close", Policy::kClose}};
inline constexpr Choice<StorageClass> kStorageClasses[] = {{"live", StorageClass::kLive},
                                                           {"stored", StorageClass::kStored}};
inline constexpr Choice<Wait> kWaits[] = {{"none", Wait::kNone},
                                          {"queued", Wait::kQueued},
                                          {"written", Wait::kWritten},
                                          {"acked", Wait::kAcked}};

template <typename Value>
[[nodiscard]] std::optional<Value> find_choice(std::span<const Choice<Value>> choices,
                                               std::string_view name) {
  for (const auto& choice : choices) {
    if (choice.name == name) return choice.value;
  }
  return std::nullopt;
}

// must be one of "queue", "conflate", …
template <typename Value>
[[nodiscard]] std::string list_choices(std::span<const Choice<Value>> choices) {
  std::string list = "must be one of";
  for (const auto& choice : choices) list.append(" \"").append(choice.name).append("\",");
  list.pop_back();
  return list;
}

}  // namespace push
