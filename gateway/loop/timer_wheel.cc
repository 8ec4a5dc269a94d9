#include "gateway/loop/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace loop {

TimerWheel::TimerWheel(std::uint64_t now_ms) : start_ms_(now_ms) { first_.fill(kNone); }

std::uint64_t TimerWheel::cells_since_start(std::uint64_t ms) const {
  return ms <= start_ms_ ? 0 : (ms - start_ms_) / kCellMs;
}

void TimerWheel::set(std::uint32_t slot, std::uint64_t deadline_ms) {
  if (slot >= nodes_.size()) nodes_.resize(std::max<std::size_t>(slot + 1, nodes_.size() * 2));
  unlink(slot);
  // Rounded up, and never into a cell that has been met already.
  const bool between = deadline_ms > start_ms_ && (deadline_ms - start_ms_) % kCellMs != 0;
  link(slot, std::max(cells_since_start(deadline_ms) + (between ? 1 : 0), current_ + 1));
}

void TimerWheel::cancel(std::uint32_t slot) {
  if (slot < nodes_.size()) unlink(slot);
}

void TimerWheel::link(std::uint32_t slot, std::uint64_t deadline) {
  Node& node = nodes_[slot];
  const std::size_t cell = deadline % kCells;
  node.deadline = deadline;
  node.previous = kNone;
  node.next = first_[cell];
  if (node.next != kNone) nodes_[node.next].previous = slot;
  first_[cell] = slot;
  occupied_[cell / 64] |= std::uint64_t{1} << (cell % 64);
}

void TimerWheel::unlink(std::uint32_t slot) {
  Node& node = nodes_[slot];
  if (node.deadline == 0) return;
  const std::size_t cell = node.deadline % kCells;
  if (node.next != kNone) nodes_[node.next].previous = node.previous;
  if (node.previous != kNone) {
    nodes_[node.previous].next = node.next;
  } else {
    first_[cell] = node.next;
    if (node.next == kNone) occupied_[cell / 64] &= ~(std::uint64_t{1} << (cell % 64));
  }
  node.deadline = 0;
}

void TimerWheel::advance(std::uint64_t now_ms, std::vector<std::uint32_t>& due) {
  const std::uint64_t now = cells_since_start(now_ms);
  if (now <= current_) return;
  // After a long sleep each cell needs to be met once only.
  const std::uint64_t steps = std::min<std::uint64_t>(now - current_, kCells);
  current_ = now;
  for (std::uint64_t step = now - steps + 1; step <= now; ++step) {
    const std::size_t cell = step % kCells;
    for (std::uint32_t slot = first_[cell]; slot != kNone;) {
      const std::uint32_t next = nodes_[slot].next;
      if (nodes_[slot].deadline <= now) {
        unlink(slot);
        due.push_back(slot);
      }
      slot = next;
    }
  }
}

std::optional<std::uint64_t> TimerWheel::next_wake_ms() const {
  constexpr std::uint32_t kWords = kCells / 64;
  const auto from = static_cast<std::uint32_t>((current_ + 1) % kCells);
  for (std::uint32_t i = 0; i <= kWords; ++i) {
    const std::uint32_t word = (from / 64 + i) % kWords;
    std::uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~std::uint64_t{0} << (from % 64);
    if (i == kWords) bits &= (std::uint64_t{1} << (from % 64)) - 1;
    if (bits == 0) continue;
    const std::uint32_t cell = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    const std::uint32_t ahead = (cell + kCells - from) % kCells;
    return start_ms_ + (current_ + 1 + ahead) * kCellMs;
  }
  return std::nullopt;
}

}  // namespace loop
