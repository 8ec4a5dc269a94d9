// What all shards hold together of what clients and callers can make them hold: messages in queues,
// histories and rings, unfinished input, API requests. Each shard adds its share in steps of
// kStep, so that the total costs nothing where little changes.
//
//   0 ───────── relieved (80 %) ── strained (90 %) ── ceiling
//                        <── an episode of shedding ──>
//   <─ what is only useful is made here ─>
//
// Owner: ShardSet.   Thread: any; every member says how.   Bound: off by kStep for each shard.
#pragma once

#include <atomic>
#include <cstdint>

namespace cross {

class MemoryBudget {
 public:
  static constexpr std::int64_t kStep = 64 << 10;

  // By main(), at start and with a reload.
  void set_ceiling(std::uint64_t size) { ceiling_.store(size, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t ceiling() const { return ceiling_.load(std::memory_order_relaxed); }

  // By a shard: its share has changed by so much.
  void add(std::int64_t difference) { held_.fetch_add(difference, std::memory_order_relaxed); }
  // Shares may be counted down by another shard than had counted them up: a moment below 0 is 0.
  [[nodiscard]] std::uint64_t held() const {
    const std::int64_t held = held_.load(std::memory_order_relaxed);
    return held < 0 ? 0 : static_cast<std::uint64_t>(held);
  }

  // Nothing more is taken in: pushes and connections are refused.
  [[nodiscard]] bool full() const { return held() >= ceiling(); }
  [[nodiscard]] bool strained() const { return held() >= ceiling() / 10 * 9; }
  // What is to be let go of in an episode, if so much is held.
  [[nodiscard]] std::uint64_t excess_of(std::uint64_t held) const {
    return held > relieved() ? held - relieved() : 0;
  }
  [[nodiscard]] std::uint64_t excess() const { return excess_of(held()); }
  // What may be taken up for things that are only useful: they never begin an episode.
  [[nodiscard]] std::uint64_t spare() const {
    return held() < relieved() ? relieved() - held() : 0;
  }

  // By any shard, when it looks. True for the one that is to tell the log of it.
  [[nodiscard]] bool begin_episode() { return !shedding_.exchange(true); }
  [[nodiscard]] bool end_episode() { return shedding_.exchange(false); }
  [[nodiscard]] bool shedding() const { return shedding_.load(std::memory_order_relaxed); }

  // Since when it is full, monotonic ms; 0: it is not.
  void note_full(std::uint64_t now_ms) {
    std::uint64_t never = 0;
    full_since_ms_.compare_exchange_strong(never, now_ms, std::memory_order_relaxed);
  }
  void note_room() {
    if (full_since_ms() != 0) full_since_ms_.store(0, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t full_since_ms() const {
    return full_since_ms_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::uint64_t relieved() const { return ceiling() / 10 * 8; }

  std::atomic<std::uint64_t> ceiling_{~std::uint64_t{0}};
  std::atomic<std::int64_t> held_{0};
  std::atomic<bool> shedding_{false};
  std::atomic<std::uint64_t> full_since_ms_{0};
};

}  // namespace cross
