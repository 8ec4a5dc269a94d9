#include "gateway/cross/slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

constexpr std::uint64_t kKeys = 100'000;

TEST(JumpHash, MatchesThePublishedAlgorithm) {
  // One bucket takes all; from the paper's code: well-known values.
  EXPECT_EQ(cross::jump_hash(0, 1), 0U);
  EXPECT_EQ(cross::jump_hash(0xDEADBEEF, 1), 0U);
  EXPECT_EQ(cross::jump_hash(256, 1024), 520U);
  EXPECT_EQ(cross::jump_hash(10'863'919'174'838'991ULL, 11), 6U);
  EXPECT_EQ(cross::jump_hash(2'016'238'256'797'177'309ULL, 11), 3U);
}

TEST(JumpHash, OneMoreBucketMovesItsShareAndOnlyThere) {
  for (std::uint32_t buckets = 1; buckets < 20; ++buckets) {
    std::uint64_t moved = 0;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      const std::uint64_t key = i * 0x9E3779B97F4A7C15ULL;
      const std::uint32_t before = cross::jump_hash(key, buckets);
      const std::uint32_t after = cross::jump_hash(key, buckets + 1);
      ASSERT_LT(before, buckets);
      if (before == after) continue;
      ASSERT_EQ(after, buckets);  // Never between two old ones.
      ++moved;
    }
    const std::uint64_t share = kKeys / (buckets + 1);
    EXPECT_NEAR(static_cast<double>(moved), static_cast<double>(share),
                static_cast<double>(share) * 0.06);
  }
}

TEST(SlotMap, SpreadsSlotsEvenly) {
  for (const cross::ShardIndex shards :
       std::initializer_list<cross::ShardIndex>{1, 2, 3, 4, 8, 16}) {
    const cross::SlotMap map(shards);
    std::vector<std::uint32_t> count(shards, 0);
    for (std::uint64_t slot = 0; slot < cross::kSlots; ++slot) ++count[map.home_of(slot)];
    const double share = static_cast<double>(cross::kSlots) / shards;
    for (const std::uint32_t n : count) EXPECT_NEAR(n, share, share * 0.15) << shards;
  }
}

TEST(SlotMap, FewSlotsMoveWhenAShardIsAdded) {
  for (cross::ShardIndex shards = 1; shards < 16; ++shards) {
    const cross::SlotMap before(shards);
    const cross::SlotMap after(static_cast<cross::ShardIndex>(shards + 1));
    std::uint32_t moved = 0;
    for (std::uint64_t slot = 0; slot < cross::kSlots; ++slot) {
      if (before.home_of(slot) == after.home_of(slot)) continue;
      EXPECT_EQ(after.home_of(slot), shards);
      ++moved;
    }
    EXPECT_LT(moved, cross::kSlots / (shards + 1U) * 12 / 10) << shards;
  }
}

// Nodes of a fleet, and a process and its successor, must agree: these values may never change.
TEST(SlotMap, HomesAreTheSameInEveryProcess) {
  EXPECT_EQ(cross::hash_of(""), 0x2D06800538D394C2U);  // XXH3, seed 0.
  const cross::SlotMap four(4);
  std::string homes;
  for (int i = 0; i < 16; ++i) {
    homes += static_cast<char>('0' + four.home_of("user-" + std::to_string(i)));
  }
  EXPECT_EQ(homes, "2322232012300101");
  EXPECT_EQ(four.home_of("user-1"), four.home_of(cross::hash_of("user-1")));
}

}  // namespace
