#include "gateway/cross/memory_budget.h"

#include <gtest/gtest.h>

namespace cross {
namespace {

TEST(MemoryBudgetTest, MarksOnTheWayToTheCeiling) {
  MemoryBudget budget;
  EXPECT_FALSE(budget.full());
  EXPECT_FALSE(budget.strained());
  budget.set_ceiling(1'000);
  budget.add(800);
  EXPECT_EQ(budget.excess(), 0U);
  budget.add(99);
  EXPECT_FALSE(budget.strained());
  EXPECT_EQ(budget.excess(), 99U);
  budget.add(1);
  EXPECT_TRUE(budget.strained());
  EXPECT_FALSE(budget.full());
  budget.add(99);
  EXPECT_FALSE(budget.full());
  budget.add(1);
  EXPECT_TRUE(budget.full());
  EXPECT_EQ(budget.excess(), 200U);
  budget.set_ceiling(10'000);  // A reload.
  EXPECT_FALSE(budget.strained());
}

TEST(MemoryBudgetTest, WhatIsOnlyUsefulEndsWhereReliefBegins) {
  MemoryBudget budget;
  budget.set_ceiling(1'000);
  EXPECT_EQ(budget.spare(), 800U);
  budget.add(799);
  EXPECT_EQ(budget.spare(), 1U);
  budget.add(500);
  EXPECT_EQ(budget.spare(), 0U);
}

// A shard may give back what another one has taken, before that one's share is told.
TEST(MemoryBudgetTest, BelowNothingIsNothing) {
  MemoryBudget budget;
  budget.set_ceiling(1'000);
  budget.add(-500);
  EXPECT_EQ(budget.held(), 0U);
  EXPECT_FALSE(budget.full());
  budget.add(600);
  EXPECT_EQ(budget.held(), 100U);
}

TEST(MemoryBudgetTest, OneShardTellsOfAnEpisode) {
  MemoryBudget budget;
  EXPECT_TRUE(budget.begin_episode());
  EXPECT_FALSE(budget.begin_episode());
  EXPECT_TRUE(budget.shedding());
  EXPECT_TRUE(budget.end_episode());
  EXPECT_FALSE(budget.end_episode());
}

TEST(MemoryBudgetTest, FullSinceTheFirstLook) {
  MemoryBudget budget;
  EXPECT_EQ(budget.full_since_ms(), 0U);
  budget.note_full(5);
  budget.note_full(9);
  EXPECT_EQ(budget.full_since_ms(), 5U);
  budget.note_room();
  EXPECT_EQ(budget.full_since_ms(), 0U);
}

}  // namespace
}  // namespace cross
