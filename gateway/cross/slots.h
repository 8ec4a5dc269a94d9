// Which shard is the home of a uid or a channel: slot = xxh3(name) mod 16384, slots to shards by
// jump consistent hash (Lamping and Veach, 2014), so that another shard count moves as few names
// as possible.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/cross/ids.h"

namespace cross {

inline constexpr std::uint32_t kSlots = 16'384;

std::uint64_t hash_of(std::string_view name);

// Immutable after construction; any thread.
class SlotMap {
 public:
  explicit SlotMap(ShardIndex shards);
  [[nodiscard]] ShardIndex home_of(std::string_view name) const {
    return single_ ? ShardIndex{0} : home_of(hash_of(name));
  }
  [[nodiscard]] ShardIndex home_of(std::uint64_t hash) const {
    return single_ ? ShardIndex{0} : shards_[hash % kSlots];
  }

 private:
  std::vector<ShardIndex> shards_;  // By slot.
  bool single_;                     // There is nothing to choose, and nothing to hash.
};

// The jump hash itself: a bucket in [0, buckets).
std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets);

}  // namespace cross
