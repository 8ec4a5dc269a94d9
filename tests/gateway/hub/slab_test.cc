#include "gateway/hub/slab.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace {

TEST(Slab, ElementsNeverMove) {
  hub::Slab<int, 4> slab;
  EXPECT_EQ(slab.size(), 0U);
  slab.grow_to(1);
  int* const first = &slab[0];
  *first = 7;
  for (std::uint32_t size = 2; size < 100; ++size) {
    slab.grow_to(size);
    EXPECT_EQ(slab.size(), size);
    slab[size - 1] = static_cast<int>(size);
  }
  EXPECT_EQ(&slab[0], first);
  EXPECT_EQ(slab[0], 7);
  for (std::uint32_t i = 1; i < 99; ++i) EXPECT_EQ(slab[i], static_cast<int>(i + 1));
  slab.grow_to(5);  // It never shrinks.
  EXPECT_EQ(slab.size(), 99U);
}

TEST(SlotAllocator, HandsOutEachSlotOnceAndTheLatestFreedFirst) {
  hub::SlotAllocator slots;
  std::set<std::uint32_t> taken;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(taken.insert(slots.take()).second);
  EXPECT_EQ(*taken.rbegin(), 9U);
  slots.give_back(3);
  slots.give_back(8);
  EXPECT_EQ(slots.in_use(), 8U);
  EXPECT_EQ(slots.take(), 8U);
  EXPECT_EQ(slots.take(), 3U);
  EXPECT_EQ(slots.take(), 10U);
  EXPECT_EQ(slots.in_use(), 11U);
}

}  // namespace
