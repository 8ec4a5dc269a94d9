// A bounded queue from many producers to one consumer: how shards hand work to each other.
//
//   cells:   [seq|value] [seq|value] …      size is a power of two
//   seq == position          the cell is free for the producer that takes `position`
//   seq == position + 1      the cell is filled; the consumer may take it
//
// Owner: a shard.   Thread: producers any, consumer the owner's.   Bound: the size given at start.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "proto/base/assert.h"

namespace cross {

inline constexpr std::size_t kCacheLine = 64;

template <typename T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Position = std::uint64_t;

  explicit Ring(std::size_t size) : mask_(size - 1), cells_(std::make_unique<Cell[]>(size)) {
    // With a single cell, "filled" and "free for the next turn" would be one number.
    DUNLIN_ASSERT(std::has_single_bit(size) && size >= 2);
    for (std::size_t i = 0; i < size; ++i) cells_[i].sequence.store(i, std::memory_order_relaxed);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Any thread. False: the ring is full.
  [[nodiscard]] bool push(T value) {
    Position position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      // Acquire pairs with the consumer's release in drain(): it has read the old value.
      const auto sequence = cell.sequence.load(std::memory_order_acquire);
      const auto ahead = static_cast<std::int64_t>(sequence - position);
      if (ahead < 0) return false;
      if (ahead > 0) {
        position = tail_.load(std::memory_order_relaxed);
      } else if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_release,
                                             std::memory_order_relaxed)) {
        cell.value = value;
        cell.sequence.store(position + 1, std::memory_order_release);
        return true;
      }
    }
  }

  // Consumer: takes up to `budget` values in order. Returns how many.
  template <typename Consume>
  std::size_t drain(std::size_t budget, Consume&& consume) {
    std::size_t taken = 0;
    for (; taken < budget; ++taken) {
      const Position head = head_.load(std::memory_order_relaxed);
      Cell& cell = cells_[head & mask_];
      if (cell.sequence.load(std::memory_order_acquire) != head + 1) break;
      const T value = cell.value;
      cell.sequence.store(head + mask_ + 1, std::memory_order_release);
      head_.store(head + 1, std::memory_order_relaxed);
      consume(value);
    }
    return taken;
  }

  // Consumer: whether the next cell is still unfilled.
  [[nodiscard]] bool empty() const {
    const Position head = head_.load(std::memory_order_relaxed);
    return cells_[head & mask_].sequence.load(std::memory_order_acquire) != head + 1;
  }

  // Any thread: cells in use. Who sees a producer's cell sees what it had pushed to other rings
  // before.
  [[nodiscard]] std::size_t depth() const {
    const Position head = head_.load(std::memory_order_relaxed);
    const Position tail = tail_.load(std::memory_order_acquire);
    return tail > head ? static_cast<std::size_t>(tail - head) : 0;
  }

 private:
  struct alignas(kCacheLine) Cell {
    std::atomic<Position> sequence;
    T value;
  };

  const std::size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(kCacheLine) std::atomic<Position> tail_{0};  // Next cell to fill; producers only.
  alignas(kCacheLine) std::atomic<Position> head_{0};  // Next cell to take; the consumer's.
};

}  // namespace cross
