// A growing array in chunks: an element never moves, neighbours in number are neighbours in memory,
// and a freed slot is used again, the latest freed first.
//
// Owner: a table of one shard.   Thread: the shard's.   Bound: the caller's; freed slots stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hub {

template <typename T, std::size_t kChunkSize = 256>
class Slab {
  static_assert((kChunkSize & (kChunkSize - 1)) == 0);

 public:
  [[nodiscard]] T& operator[](std::uint32_t slot) {
    return chunks_[slot / kChunkSize][slot % kChunkSize];
  }
  [[nodiscard]] const T& operator[](std::uint32_t slot) const {
    return chunks_[slot / kChunkSize][slot % kChunkSize];
  }

  // Slots that exist; some may be unused.
  [[nodiscard]] std::uint32_t size() const { return size_; }

  // Makes every slot below `size` exist.
  void grow_to(std::uint32_t size) {
    while (chunks_.size() * kChunkSize < size) chunks_.push_back(std::make_unique<T[]>(kChunkSize));
    if (size > size_) size_ = size;
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::uint32_t size_ = 0;
};

// Hands out slot numbers, the latest freed first.
class SlotAllocator {
 public:
  [[nodiscard]] std::uint32_t take() {
    if (free_.empty()) return next_++;
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }
  [[nodiscard]] std::uint32_t in_use() const {
    return next_ - static_cast<std::uint32_t>(free_.size());
  }

 private:
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
};

}  // namespace hub
