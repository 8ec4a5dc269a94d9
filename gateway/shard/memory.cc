// The shard's part in limits.memory_max: it tells what it holds, and lets go of its share when all
// together hold too much. What is optional goes first (history), then those who hold most.

#include <algorithm>

#include "gateway/observe/log.h"
#include "gateway/shard/shard.h"

namespace shard {

std::int64_t Shard::held_bytes() const {
  return static_cast<std::int64_t>(counters_.message_bytes.value() + counters_.input_bytes.value() +
                                   counters_.queue_messages.value() * sizeof(hub::QueuedMessage) +
                                   counters_.api_bytes.value() +
                                   counters_.idempotency_bytes.value());
}

// Once a turn: two additions and a look at one value that few ever write.
void Shard::keep_memory() {
  cross::MemoryBudget& budget = shards_.memory;
  const std::int64_t held = held_bytes();
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

void Shard::let_go(std::uint64_t excess) {
  // Each shard its share, by what it could let go of.
  const auto of_shard = [](const cross::Counters& counters) {
    return counters.history_bytes.value() + counters.queue_bytes.value() +
           counters.input_bytes.value();
  };
  update_gauges();
  std::uint64_t of_all = 0;
  for (cross::ShardIndex i = 0; i < shards_.size(); ++i) of_all += of_shard(shards_.counters(i));
  const std::uint64_t ours = of_shard(counters_);
  if (ours == 0) return;
  std::uint64_t share = static_cast<std::uint64_t>(
      static_cast<double>(excess) * static_cast<double>(ours) / static_cast<double>(of_all));
  const std::uint64_t history = hub_.homes().history_size();
  hub_.homes().trim(share);
  const std::uint64_t trimmed = history - hub_.homes().history_size();
  counters_.history_trimmed.add(trimmed);
  share -= std::min(share, trimmed);
  if (share > 0) edge_.shed(share);
  edge_.end_turn();
}

}  // namespace shard
