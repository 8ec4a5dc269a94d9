// What is held of what limits.memory_max is about: messages in queues, histories and rings,
// unfinished input, API requests and the answers kept for them.
//
// Owner: free functions.   Thread: any; the counters are another's.
#pragma once

#include <cstdint>

#include "gateway/cross/counters.h"
#include "gateway/cross/shard_set.h"
#include "gateway/hub/outbound_queue.h"

namespace shard {

// By one shard. It may be below 0: a message can be made on one and end on another.
[[nodiscard]] inline std::int64_t held_bytes(const cross::Counters& counters) {
  return static_cast<std::int64_t>(counters.message_bytes.value() + counters.input_bytes.value() +
                                   counters.queue_messages.value() * sizeof(hub::QueuedMessage) +
                                   counters.api_bytes.value() + counters.idempotency_bytes.value());
}

[[nodiscard]] inline std::int64_t held_bytes(cross::ShardSet& shards) {
  std::int64_t total = 0;
  for (cross::ShardIndex i = 0; i < shards.size(); ++i) total += held_bytes(shards.counters(i));
  return total;
}

}  // namespace shard
