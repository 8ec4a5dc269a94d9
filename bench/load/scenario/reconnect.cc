#include "bench/load/scenario/reconnect.h"

#include "bench/load/clock.h"

namespace load {

std::int64_t Reconnect::turn(std::int64_t now) {
  if (control_.drops.load(std::memory_order_acquire) > drops_) {
    ++drops_;
    clients_.drop_all(how_);
    away_ = true;
  }
  if (!away_) return kNever;
  const std::int64_t next = clients_.turn(now);
  if (!clients_.is_complete()) return next;
  away_ = false;
  // The last worker's time stands; between two that end together it does not matter whose.
  control_.back_ns.store(now_ns(), std::memory_order_relaxed);
  control_.workers_back.fetch_add(1, std::memory_order_release);
  return kNever;
}

bool Reconnect::take_roll_call() {
  if (control_.roll_calls.load(std::memory_order_acquire) == roll_calls_) return false;
  ++roll_calls_;
  return true;
}

}  // namespace load
