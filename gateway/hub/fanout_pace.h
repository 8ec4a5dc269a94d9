// How many deliveries a fan-out may make before everything else is looked at, so that this takes no
// longer than a given time: what a delivery costs differs by machine, by load and by how cold the
// connection's memory is, and is learned from the slices before.
//
// Owner: Shard.   Thread: its own.   Bound: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hub {

class FanoutPace {
 public:
  // Before anything is known, and the bounds of what may be concluded from a disturbed measurement.
  static constexpr std::uint32_t kFirst = 64;
  static constexpr std::uint32_t kFewest = 1;
  static constexpr std::uint32_t kMost = 512;

  [[nodiscard]] std::uint32_t deliveries(std::uint32_t slice_us) const {
    if (cost_ns_ == 0) return kFirst;
    const std::uint64_t fitting = std::uint64_t{slice_us} * 1'000 / cost_ns_;
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fitting, kFewest, kMost));
  }

  void ran(std::uint32_t deliveries, std::uint64_t elapsed_ns) {
    if (deliveries == 0) return;
    const std::uint64_t cost_ns = std::max<std::uint64_t>(elapsed_ns / deliveries, 1);
    // Dearer ones count at once, so that one slice at most takes too long; cheaper ones by and by.
    cost_ns_ = cost_ns >= cost_ns_ ? cost_ns : (cost_ns_ * 7 + cost_ns) / 8;
  }

 private:
  std::uint64_t cost_ns_ = 0;  // Of a delivery, smoothed; 0: none was made yet.
};

}  // namespace hub
