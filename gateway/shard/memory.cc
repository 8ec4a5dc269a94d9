// The shard's part in limits.memory_max: it tells what it holds, and lets go of its share when all
// together hold too much. What is optional goes first (history), then those who hold most.

#include <algorithm>

#include "gateway/observe/log.h"
#include "gateway/shard/held_bytes.h"
#include "gateway/shard/shard.h"

namespace shard {

// Once a turn: two additions and a look at one value that few ever write.
void Shard::keep_memory() {
  cross::MemoryBudget& budget = shards_.memory;
  const std::int64_t held = held_bytes(counters_);
  const std::int64_t difference = held - memory_told_;
  if (std::abs(difference) >= cross::MemoryBudget::kStep) {
    budget.add(difference);
    memory_told_ = held;
  }
  if (budget.full()) {
    budget.note_full(now_ms_);
  } else {
    budget.note_room();
  }
  if (budget.strained() && budget.begin_episode()) {
    observe::warn("memory is short: histories shrink and the largest holders are closed",
                  {{"held_bytes", budget.held()}, {"memory_max", budget.ceiling()}});
  }
  if (!budget.shedding()) return;
  const std::uint64_t excess = budget.excess();
  if (excess == 0) {
    if (budget.end_episode()) {
      observe::info("memory is no longer short", {{"held_bytes", budget.held()}});
    }
    return;
  }
  if (now_ms_ < shed_again_ms_) return;
  shed_again_ms_ = now_ms_ + kShedIntervalMs;
  let_go(excess);
}

// Every shard gives up its share of the history. Then the largest holders end, whichever shards
// they are on: each shard tells how large its largest is, and ends none that is smaller than
// another's.
void Shard::let_go(std::uint64_t excess) {
  update_gauges();
  std::uint64_t history_of_all = 0;
  std::uint64_t largest_elsewhere = 0;
  for (cross::ShardIndex i = 0; i < shards_.size(); ++i) {
    const cross::Counters& counters = shards_.counters(i);
    history_of_all += counters.history_bytes.value();
    if (i == index_) continue;
    largest_elsewhere = std::max(largest_elsewhere, counters.largest_holder.value());
  }
  if (history_of_all > 0) {
    const std::uint64_t before = hub_.homes().history_size();
    const double share = static_cast<double>(before) / static_cast<double>(history_of_all);
    hub_.homes().trim(static_cast<std::uint64_t>(static_cast<double>(excess) * share));
    counters_.history_trimmed.add(before - hub_.homes().history_size());
  }
  excess -= std::min(excess, history_of_all);
  counters_.largest_holder.set(edge_.shed(excess, largest_elsewhere));
  edge_.end_turn();
}

// Ahead of an episode, once a second: by then every shard has told.
void Shard::tell_largest_holder() {
  const bool near = shards_.memory.held() > shards_.memory.ceiling() / 2;
  counters_.largest_holder.set(near ? edge_.shed(0, 0) : 0);
}

}  // namespace shard
