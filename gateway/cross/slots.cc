#include "gateway/cross/slots.h"

#include <xxhash.h>

namespace cross {

std::uint64_t hash_of(std::string_view name) { return XXH3_64bits(name.data(), name.size()); }

std::uint32_t jump_hash(std::uint64_t key, std::uint32_t buckets) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < static_cast<std::int64_t>(buckets)) {
    bucket = next;
    key = key * 2'862'933'555'777'941'757ULL + 1;
    next = static_cast<std::int64_t>(
        static_cast<double>(bucket + 1) *
        (static_cast<double>(1LL << 31) / static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<std::uint32_t>(bucket);
}

SlotMap::SlotMap(ShardIndex shards) : shards_(kSlots), single_(shards == 1) {
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    // Slots are small, consecutive numbers; jump hash wants keys that are already well spread.
    const std::uint64_t key = XXH3_64bits(&slot, sizeof slot);
    shards_[slot] = static_cast<ShardIndex>(jump_hash(key, shards));
  }
}

}  // namespace cross
