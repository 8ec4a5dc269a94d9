// The due times of an open loop: fixed before anything is sent, so that a stall of the server makes
// what follows late instead of making it rarer (no coordinated omission).
//
// Owner: a source of load.   Thread: its worker's.   Bound: none; two numbers.
#pragma once

#include <cstdint>
#include <utility>

#include "bench/load/clock.h"

namespace load {

class Schedule {
 public:
  // Every `stride`-th of `rate` events a second, beginning with number `offset`: workers share one
  // rate. Rate 0: nothing is ever due.
  Schedule(double rate, std::uint64_t offset, std::uint64_t stride)
      : period_ns_(rate > 0 ? 1e9 / rate : 0), number_(offset), stride_(stride) {}

  [[nodiscard]] bool is_open_loop() const { return period_ns_ > 0; }

  // When the next event is due, or the one `ahead` places behind it.
  [[nodiscard]] std::int64_t due(std::int64_t start_ns, std::uint64_t ahead = 0) const {
    if (!is_open_loop()) return kNever;
    return start_ns +
           static_cast<std::int64_t>(static_cast<double>(number_ + ahead * stride_) * period_ns_);
  }

  void advance() { number_ += stride_; }

  // How many events from the next one on are due before `until_ns`.
  [[nodiscard]] std::uint64_t count_before(std::int64_t start_ns, std::int64_t until_ns) const {
    const std::int64_t first = due(start_ns);
    if (first >= until_ns) return 0;
    const double step = period_ns_ * static_cast<double>(stride_);
    return 1 + static_cast<std::uint64_t>(static_cast<double>(until_ns - 1 - first) / step);
  }

 private:
  double period_ns_;
  std::uint64_t number_;
  std::uint64_t stride_;
};

// Whose lateness it is when something leaves after its due time. What finds nothing free to leave
// on waits for the server; and so does all that falls due until the turn that the server's answer
// brings. Only the rest is the harness's own.
class Punctuality {
 public:
  void begin_turn(std::int64_t now) {
    if (std::exchange(starved_, false)) excused_until_ns_ = now;
  }
  // At the end of a turn: something is due, and nothing is free.
  void starve() { starved_ = true; }

  [[nodiscard]] bool excuses(std::int64_t due_ns) const { return due_ns <= excused_until_ns_; }

 private:
  bool starved_ = false;
  std::int64_t excused_until_ns_ = 0;
};

}  // namespace load
