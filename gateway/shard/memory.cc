// The shard's part in limits.memory_max: it tells what it holds, and lets go of its share when all
// together hold too much. What costs only work goes first, then history, then those who hold most.

#include <algorithm>

#include "gateway/observe/log.h"
#include "gateway/shard/held_bytes.h"
#include "gateway/shard/shard.h"

namespace shard {
namespace {

// A shard's part of what all are to give up together.
std::uint64_t share_of(std::uint64_t size, std::uint64_t of_one, std::uint64_t of_all) {
  if (size >= of_all) return of_one;
  return static_cast<std::uint64_t>(static_cast<double>(size) * static_cast<double>(of_one) /
                                    static_cast<double>(of_all));
}

}  // namespace

void Shard::tell_memory(std::int64_t step) {
  counters_.parser_bytes.set(api_.parser_bytes() + edge_.parser_bytes());
  const std::int64_t held = held_bytes(counters_);
  const std::int64_t difference = held - memory_told_;
  if (std::abs(difference) < step) return;
  shards_.memory.add(difference);
  memory_told_ = held;
}

// Once a turn: some additions and a look at one value that few ever write.
void Shard::keep_memory() {
  cross::MemoryBudget& budget = shards_.memory;
  tell_memory(cross::MemoryBudget::kStep);
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
  if (budget.excess() == 0) {
    if (budget.end_episode()) {
      observe::info("memory is no longer short", {{"held_bytes", budget.held()}});
    }
    return;
  }
  if (now_ms_ < shed_again_ms_) return;
  shed_again_ms_ = now_ms_ + kShedIntervalMs;
  let_go();
  tell_memory(/*step=*/0);  // At once: this shard may sleep now.
}

// Every shard gives up its share of each kind. The largest holders end last, whichever shards they
// are on: each shard tells how large its largest is, and ends none that is smaller than another's.
void Shard::let_go() {
  update_gauges();
  const auto of_all = [&](cross::Counter cross::Counters::* kind) { return shards_.sum(kind); };
  const std::uint64_t parsers = of_all(&cross::Counters::parser_bytes);
  const std::uint64_t contexts = of_all(&cross::Counters::deflate_context_bytes);
  const std::uint64_t history = of_all(&cross::Counters::history_bytes);
  // Not what the budget has been told, and after the above: what another shard gives up meanwhile
  // must not end a connection.
  const auto held = static_cast<std::uint64_t>(std::max<std::int64_t>(held_bytes(shards_), 0));
  std::uint64_t excess = shards_.memory.excess_of(held);
  api_.let_go_of_parsers();
  edge_.let_go_of_parsers();
  hub_.delivery().let_go_of_contexts(
      share_of(excess, counters_.deflate_context_bytes.value(), contexts));
  excess -= std::min(excess, contexts);
  const std::uint64_t history_before = hub_.homes().history_size();
  hub_.homes().trim(share_of(excess, history_before, history));
  counters_.history_trimmed.add(history_before - hub_.homes().history_size());
  // The parsers will want theirs again, or pushes would be refused for ever: history makes room for
  // that. It ends no connection.
  excess -= std::min(excess, history + parsers);
  counters_.largest_holder.set(edge_.shed(excess, largest_elsewhere()));
  edge_.end_turn();
}

std::uint64_t Shard::largest_elsewhere() const {
  std::uint64_t largest = 0;
  for (cross::ShardIndex i = 0; i < shards_.size(); ++i) {
    if (i != index_) largest = std::max(largest, shards_.counters(i).largest_holder.value());
  }
  return largest;
}

// Ahead of an episode, once a second: by then every shard has told.
void Shard::tell_largest_holder() {
  const bool near = shards_.memory.held() > shards_.memory.ceiling() / 2;
  counters_.largest_holder.set(near ? edge_.shed(0, 0) : 0);
}

}  // namespace shard
