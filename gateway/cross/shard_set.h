// What all shards share: each other's inboxes and counters, the slot map, and a few flags. Made by
// main() before the shards' threads and destroyed after them.
//
// Thread: any; every member says how.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/cross/address_table.h"
#include "gateway/cross/counters.h"
#include "gateway/cross/ids.h"
#include "gateway/cross/inbox.h"
#include "gateway/cross/memory_budget.h"
#include "gateway/cross/reloads.h"
#include "gateway/cross/slots.h"

namespace cross {

class ShardSet {
 public:
  ShardSet(ShardIndex shards, std::size_t ring_size, std::size_t outstanding_max,
           std::uint32_t connections_max)
      : by_address(connections_max),
        slots_(shards),
        canary_arrivals_(std::size_t{shards} * shards) {
    for (ShardIndex i = 0; i < shards; ++i) {
      shards_.push_back(std::make_unique<PerShard>(ring_size, outstanding_max));
    }
  }

  [[nodiscard]] ShardIndex size() const { return static_cast<ShardIndex>(shards_.size()); }
  [[nodiscard]] const SlotMap& slots() const { return slots_; }
  [[nodiscard]] Inbox& inbox(ShardIndex shard) { return shards_[shard]->inbox; }
  // Written by the shard itself, read by any.
  [[nodiscard]] Counters& counters(ShardIndex shard) { return shards_[shard]->counters; }

  // Of all shards together.
  [[nodiscard]] std::uint64_t sum(Counter Counters::* counter) const {
    std::uint64_t total = 0;
    for (const auto& shard : shards_) total += (shard->counters.*counter).value();
    return total;
  }
  template <typename Enum>
  [[nodiscard]] std::uint64_t sum(CounterOf<Enum> Counters::* counters, Enum which) const {
    std::uint64_t total = 0;
    for (const auto& shard : shards_) total += (shard->counters.*counters)[which].value();
    return total;
  }

  // Connections of all shards, for connections_max. Shards add and subtract; any reads.
  std::atomic<std::uint32_t> connections{0};
  // Connections by their client's address: all of them, and those that have not ended their
  // handshake and login.
  struct ByAddress {
    explicit ByAddress(std::uint32_t connections_max)
        : connections(connections_max), unproven(connections_max) {}
    AddressTable connections;
    AddressTable unproven;
  } by_address;
  MemoryBudget memory;
  Reloads reloads;
  // Set once, by main() or by a shard's API; read by all.
  std::atomic<bool> draining{false};
  // A shard's API asks the process to end (POST /v1/drain); main() looks when it is woken.
  std::atomic<bool> drain_requested{false};

  // The connection id of each shard's canary receiver: written by the shard before main() starts
  // to accept, read by all after that.
  [[nodiscard]] std::atomic<std::uint64_t>& canary(ShardIndex shard) {
    return shards_[shard]->canary;
  }
  // When the latest canary from one shard arrived at another, monotonic ms: written by the
  // receiver, read by any.
  [[nodiscard]] std::atomic<std::uint64_t>& canary_arrival(ShardIndex from, ShardIndex to) {
    return canary_arrivals_[std::size_t{from} * size() + to];
  }

 private:
  struct PerShard {
    PerShard(std::size_t ring_size, std::size_t outstanding_max)
        : inbox(ring_size, outstanding_max) {}
    Inbox inbox;
    alignas(kCacheLine) Counters counters;
    std::atomic<std::uint64_t> canary{0};
  };

  const SlotMap slots_;
  std::vector<std::unique_ptr<PerShard>> shards_;
  std::vector<std::atomic<std::uint64_t>> canary_arrivals_;
};

}  // namespace cross
