// What a token gave a connection, and until when: plain values, which move with it.
//
// Owner: Connection (Moving, on the way).   Thread: its shard's.   Bound: auth::kChannelsMax names
// in each list; none of this exists for a connection without a token.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/identity.h"
#include "gateway/config/config.h"

namespace edge {

struct Grant {
  auth::Permissions permissions;
  std::vector<std::string> subscribe;  // Channels it is still to be subscribed to.
  // Loop time (monotonic, the same on every shard); 0: never.
  std::uint64_t expires_ms = 0;
  std::uint64_t notice_ms = 0;     // When a dunlin.v1 client is told that the end is near.
  std::uint64_t refreshed_ms = 0;  // When a token was looked at last.
};

// The narrower of a profile's limit and a token's; 0 is none.
template <typename Integer>
[[nodiscard]] Integer narrower(Integer of_profile, Integer of_token) {
  if (of_profile == 0 || of_token == 0) return std::max(of_profile, of_token);
  return std::min(of_profile, of_token);
}

// Subscriptions that one connection may have.
[[nodiscard]] inline std::uint32_t subscriptions_max(const config::Profile& profile,
                                                     const auth::Permissions& permissions) {
  // Not narrower(): a profile's 0 allows none.
  if (permissions.subscriptions_max == 0) return profile.subscriptions_max;
  return std::min(profile.subscriptions_max, permissions.subscriptions_max);
}

// Whether a client may subscribe itself: the profile must allow it, and so must the token if there
// is one that says anything of it.
[[nodiscard]] inline bool may_subscribe_to(const config::Profile& profile, const Grant* grant,
                                           std::string_view channel) {
  if (!profile.client_subscribe || !auth::matches(profile.client_channels, channel)) return false;
  return grant == nullptr || !grant->permissions.channels ||
         auth::matches(*grant->permissions.channels, channel);
}

}  // namespace edge
