#include "bench/load/scenario/churn.h"

#include <algorithm>
#include <utility>

#include "bench/load/clock.h"

namespace load {

Churn::Churn(EventLoop& loop, const Setup& setup, Place place, Control& control, Counters& counters,
             Outcome& outcome)
    : setup_(setup),
      control_(control),
      counters_(counters),
      outcome_(outcome),
      clients_(loop, setup, place.clients, place.range, counters, outcome, *this),
      schedule_(place.schedule) {}

std::int64_t Churn::turn(std::int64_t now) {
  const Phase phase = control_.phase.load(std::memory_order_acquire);
  if (phase >= Phase::kDraining) count_unsent();
  const std::int64_t start = control_.start_ns.load(std::memory_order_relaxed);
  auto& members = clients_.members();
  punctuality_.begin_turn(now);
  while (phase == Phase::kRunning && !members.empty() && schedule_.due(start) <= now) {
    ClientSet::Member& member = members[next_];
    // Its last return takes this long; the clients behind it are no better off.
    if (!member.is_settled()) {
      punctuality_.starve();
      break;
    }
    const std::int64_t due = schedule_.due(start);
    schedule_.advance();
    next_ = (next_ + 1) % members.size();
    if (!punctuality_.excuses(due) && control_.in_window(due)) {
      outcome_.lateness.record(static_cast<std::uint64_t>(now - due));
    }
    clients_.drop(member, setup_.options.drop, due);
  }
  const std::int64_t retry = clients_.turn(now);
  if (phase != Phase::kRunning) return retry;
  // The next one's return wakes the loop.
  return schedule_.due(start) <= now ? retry : std::min(retry, schedule_.due(start));
}

void Churn::count_unsent() {
  if (std::exchange(ended_, true)) return;
  counters_.unsent.add(
      schedule_.count_before(control_.start_ns.load(), control_.window_end_ns.load()));
}

}  // namespace load
