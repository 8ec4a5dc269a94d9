// Watches the numbers 0, 1, 2, … of one stream at one receiver and tells what is wrong with each
// arrival. Remembers the last 64 numbers, which is enough to tell a late message from a second
// copy. What never arrives is found by counting (received against published), not here.
//
// Owner: a subscriber.   Thread: its worker's.   Bound: 16 bytes.
#pragma once

#include <cstdint>

namespace load {

class SequenceCheck {
 public:
  enum class Verdict : std::uint8_t {
    kInOrder,     // The next number, or a later one: numbers may be missing, order is kept.
    kReordered,   // Its successor came first. Also: too old to tell.
    kDuplicated,  // Seen before.
  };

  Verdict observe(std::uint64_t sequence) {
    if (sequence >= next_) {
      const std::uint64_t ahead = sequence - next_ + 1;
      seen_ = ahead < 64 ? seen_ << ahead | 1 : 1;
      next_ = sequence + 1;
      return Verdict::kInOrder;
    }
    const std::uint64_t age = next_ - 1 - sequence;  // 0: the highest number seen.
    if (age >= 64) return Verdict::kReordered;
    const std::uint64_t bit = std::uint64_t{1} << age;
    if ((seen_ & bit) != 0) return Verdict::kDuplicated;
    seen_ |= bit;
    return Verdict::kReordered;
  }

 private:
  std::uint64_t next_ = 0;  // One above the highest number seen.
  std::uint64_t seen_ = 0;  // Bit i: next_ - 1 - i was seen.
};

}  // namespace load
