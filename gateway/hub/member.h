// The hub's half of a connection: what delivering to it needs, in one cache line. The edge keeps
// the other half (descriptor state, session, timers) under the same slot number.
//
// Owner: hub::MemberTable.   Thread: the shard's.   Bound: one for each connection.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/cross/ids.h"
#include "gateway/cross/message.h"
#include "gateway/hub/short_string.h"

namespace hub {

class OutboundQueue;
struct Subscriptions;

using MemberIndex = std::uint32_t;
inline constexpr std::uint32_t kNoMember = 0xFFFFFFFF;
inline constexpr std::uint32_t kNoBatchEntry = 0xFFFFFFFF;

// What the client agreed to about the messages that we compress (RFC 7692).
struct Compression {
  std::uint8_t window_bits : 4 = 0;  // 0: it agreed to none.
  bool context_takeover : 1 = false;

  [[nodiscard]] bool agreed() const { return window_bits != 0; }
};

struct alignas(64) Member {
  OutboundQueue* queue = nullptr;          // Only while something waits.
  Subscriptions* subscriptions = nullptr;  // Only while there are any.
  ShortString uid;
  MemberIndex next_of_uid = kNoMember;        // Chain of the connections of one uid, oldest first.
  MemberIndex previous_of_uid = kNoMember;    // Of the first: the last.
  std::int32_t handle = -1;                   // The transport's: a descriptor.
  std::uint32_t batch_entry = kNoBatchEntry;  // While sends to it are gathered.
  std::uint32_t missed = 0;                   // Messages dropped for this connection so far.
  std::uint32_t missed_untold = 0;            // Of those, not told to the client yet.
  std::uint16_t profile = 0;
  cross::Encoding encoding = cross::Encoding::kPlain;  // Never a compressed one.
  Compression compression;
  std::uint32_t generation : 24 = 0;  // Part of the connection id.
  bool active : 1 = false;      // Reachable: after the handshake, and the login where one is asked.
  bool internal : 1 = false;    // A canary: not reached by "all", not counted.
  bool doomed : 1 = false;      // Overflowed and about to be closed: nothing more is queued.
  bool close_said : 1 = false;  // Its Close frame is out or waits: no data frame after it (5.5.1).
};
static_assert(sizeof(Member) == 64);

}  // namespace hub
