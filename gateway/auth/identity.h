// Who a token says its bearer is, and what that one may do: plain values.
//
// Owner: plain values.   Thread: any.   Bound: token.h's, for lists and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

// What a token says beyond its profile; each only narrows what the profile allows.
struct Permissions {
  // `channels`: what the client may subscribe to; a trailing '*' is a prefix. Nothing: whatever the
  // profile allows.
  std::optional<std::vector<std::string>> channels;
  // `limits`; 0: the profile's.
  std::uint32_t connections_max = 0;  // Of this uid, by this profile.
  std::uint32_t subscriptions_max = 0;
  std::uint64_t message_size_max = 0;
};

struct Identity {
  std::string uid;
  std::int64_t expires_ms = 0;  // Unix time, the leeway included; 0: never.
  Permissions permissions;
  std::vector<std::string> subscribe;  // `subscribe`: channels it is subscribed to at once.
};

// Whether a list of channel patterns has this channel.
[[nodiscard]] bool matches(const std::vector<std::string>& patterns, std::string_view channel);

}  // namespace auth
