// What is held of what limits.memory_max is about: messages in queues, histories and rings,
// unfinished input, what compression and the parsers keep, API requests and the answers kept for
// them.
//
// Owner: free functions.   Thread: any; the counters are another's.
#pragma once

#include <cstdint>

#include "gateway/cross/counters.h"
#include "gateway/cross/shard_set.h"
#include "gateway/hub/outbound_queue.h"
#include "gateway/hub/pending.h"

namespace shard {

// Entries of queues; the messages they refer to are counted once, however many do.
[[nodiscard]] inline std::uint64_t queue_entry_bytes(const cross::Counters& counters) {
  return counters.queue_messages.value() * sizeof(hub::QueuedMessage) +
         counters.pending_messages.value() * sizeof(hub::PendingMessage);
}

// By one shard. It may be below 0: a message can be made on one and end on another.
[[nodiscard]] inline std::int64_t held_bytes(const cross::Counters& counters) {
  return static_cast<std::int64_t>(
      counters.message_bytes.value() + queue_entry_bytes(counters) + counters.input_bytes.value() +
      counters.api_bytes.value() + counters.idempotency_bytes.value() +
      counters.deflate_context_bytes.value() + counters.inflate_window_bytes.value() +
      counters.parser_bytes.value());
}

[[nodiscard]] inline std::int64_t held_bytes(cross::ShardSet& shards) {
  std::int64_t total = 0;
  for (cross::ShardIndex i = 0; i < shards.size(); ++i) total += held_bytes(shards.counters(i));
  return total;
}

}  // namespace shard
