// One deadline for each slot of a table, in a wheel of 16 ms cells: setting, moving and cancelling
// cost a few writes, whatever the number of deadlines. A deadline is met at most one cell late and
// never early. Deadlines beyond the wheel's turn (about 32 s) are met again, and kept, each turn.
//
// Owner: the table's.   Thread: its shard's.   Bound: 16 bytes for each slot of the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace loop {

class TimerWheel {
 public:
  explicit TimerWheel(std::uint64_t now_ms);

  // Sets the slot's only deadline, in place of any earlier one.
  void set(std::uint32_t slot, std::uint64_t deadline_ms);
  void cancel(std::uint32_t slot);

  // Appends the slots whose deadline has come to `due`, cell by cell; they have no deadline then.
  void advance(std::uint64_t now_ms, std::vector<std::uint32_t>& due);

  // When advance() should next be called; nothing when there is no deadline.
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

 private:
  static constexpr std::uint32_t kCellMs = 16;
  static constexpr std::uint32_t kCells = 2'048;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  struct Node {
    std::uint32_t previous = kNone;  // Or kNone when first in its cell.
    std::uint32_t next = kNone;
    std::uint64_t deadline = 0;  // In cells since start_ms_, rounded up; 0: none.
  };

  [[nodiscard]] std::uint64_t cells_since_start(std::uint64_t ms) const;
  void link(std::uint32_t slot, std::uint64_t deadline);
  void unlink(std::uint32_t slot);

  const std::uint64_t start_ms_;
  std::uint64_t current_ = 0;  // Every cell up to here has been met.
  std::vector<Node> nodes_;    // By slot.
  std::array<std::uint32_t, kCells> first_;
  std::array<std::uint64_t, kCells / 64> occupied_{};  // A bit for each cell that is not empty.
};

}  // namespace loop
