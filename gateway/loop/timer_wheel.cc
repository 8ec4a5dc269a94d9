#include "gateway/loop/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace loop {

TimerWheel::TimerWheel(std::uint64_t now_ms) : start_ms_(now_ms) { first_.fill(kNone); }

std::uint32_t TimerWheel::cells_since_start(std::uint64_t ms) const {
  return ms <= start_ms_ ? 0 : static_cast<std::uint32_t>((ms - start_ms_) / kCellMs);
}

void TimerWheel::set(std::uint32_t slot, std::uint64_t deadline_ms) {
  if (slot >= nodes_.size()) nodes_.resize(std::max<std::size_t>(slot + 1, nodes_.size() * 2));
  unlink(slot);
  // Rounded up, and never into a cell that has been met already.
  link(slot, std::max(cells_since_start(deadline_ms + kCellMs - 1), current_ + 1));
}

void TimerWheel::cancel(std::uint32_t slot) {
  if (slot < nodes_.size()) unlink(slot);
}

void TimerWheel::link(std::uint32_t slot, std::uint32_t deadline) {
  Node& node = nodes_[slot];
  node.cell = deadline % kCells;
  node.deadline = deadline;
  node.previous = kNone;
  node.next = first_[node.cell];
  if (node.next != kNone) nodes_[node.next].previous = slot;
  first_[node.cell] = slot;
  occupied_[node.cell / 64] |= std::uint64_t{1} << (node.cell % 64);
}

void TimerWheel::unlink(std::uint32_t slot) {
  Node& node = nodes_[slot];
  if (node.cell == kNone) return;
  if (node.next != kNone) nodes_[node.next].previous = node.previous;
  if (node.previous != kNone) {
    nodes_[node.previous].next = node.next;
  } else {
    first_[node.cell] = node.next;
    if (node.next == kNone) occupied_[node.cell / 64] &= ~(std::uint64_t{1} << (node.cell % 64));
  }
  node.cell = kNone;
}

void TimerWheel::advance(std::uint64_t now_ms, std::vector<std::uint32_t>& due) {
  const std::uint32_t now = cells_since_start(now_ms);
  if (now <= current_) return;
  // After a long sleep each cell needs to be met once only.
  const std::uint32_t steps = std::min(now - current_, kCells);
  current_ = now;
  for (std::uint32_t step = 0; step < steps; ++step) {
    const std::uint32_t cell = (now - step) % kCells;
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
  const std::uint32_t from = (current_ + 1) % kCells;
  for (std::uint32_t i = 0; i <= kWords; ++i) {
    const std::uint32_t word = (from / 64 + i) % kWords;
    std::uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~std::uint64_t{0} << (from % 64);
    if (i == kWords) bits &= (std::uint64_t{1} << (from % 64)) - 1;
    if (bits == 0) continue;
    const std::uint32_t cell = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    const std::uint32_t ahead = (cell + kCells - from) % kCells;
    return start_ms_ + std::uint64_t{current_ + 1 + ahead} * kCellMs;
  }
  return std::nullopt;
}

}  // namespace loop
