// The due times of an open loop: fixed before anything is sent, so that a stall of the server makes
// what follows late instead of making it rarer (no coordinated omission).
//
// Owner: a source of load.   Thread: its worker's.   Bound: none; two numbers.
#pragma once

#include <cstdint>

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

}  // namespace load
