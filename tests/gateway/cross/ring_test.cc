#include "gateway/cross/ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

std::vector<int> drained(cross::Ring<int>& ring, std::size_t budget) {
  std::vector<int> values;
  const std::size_t count = ring.drain(budget, [&](int value) { values.push_back(value); });
  EXPECT_EQ(count, values.size());
  return values;
}

TEST(Ring, KeepsOrderAndHonoursTheBudget) {
  cross::Ring<int> ring(8);
  EXPECT_TRUE(ring.empty());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(ring.depth(), 5U);
  EXPECT_EQ(drained(ring, 2), (std::vector{0, 1}));
  EXPECT_EQ(drained(ring, 100), (std::vector{2, 3, 4}));
  EXPECT_EQ(drained(ring, 100), std::vector<int>{});
  EXPECT_TRUE(ring.empty());
}

TEST(Ring, RefusesWhenFullAndTakesAgainAfterARead) {
  for (const std::size_t size : {2U, 4U, 64U}) {
    cross::Ring<int> ring(size);
    for (std::size_t i = 0; i < size; ++i) EXPECT_TRUE(ring.push(static_cast<int>(i)));
    EXPECT_FALSE(ring.push(99));
    EXPECT_FALSE(ring.push(99));
    EXPECT_EQ(ring.depth(), size);
    EXPECT_EQ(drained(ring, 1), std::vector{0});
    EXPECT_TRUE(ring.push(7));
    EXPECT_FALSE(ring.push(99));
  }
}

TEST(Ring, WrapsAroundManyTimes) {
  cross::Ring<int> ring(4);
  int pushed = 0;
  int taken = 0;
  for (int round = 0; round < 1'000; ++round) {
    for (int i = 0; i <= round % 4; ++i) EXPECT_TRUE(ring.push(pushed++));
    ring.drain(4, [&](int value) { EXPECT_EQ(value, taken++); });
  }
  EXPECT_EQ(pushed, taken);
}

TEST(Ring, MayBePushedToWhileItIsDrained) {
  cross::Ring<int> ring(2);
  EXPECT_TRUE(ring.push(1));
  std::vector<int> values;
  ring.drain(10, [&](int value) {
    values.push_back(value);
    if (value == 5) return;
    EXPECT_TRUE(ring.push(value + 1));
  });
  EXPECT_EQ(values, (std::vector{1, 2, 3, 4, 5}));
}

TEST(Ring, ManyProducersLoseDoubleAndReorderNothing) {
  constexpr std::uint64_t kProducers = 4;
  constexpr std::uint64_t kValues = 20'000;
  cross::Ring<std::uint64_t> ring(64);
  std::vector<std::thread> producers;
  for (std::uint64_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&ring, p] {
      for (std::uint64_t v = 0; v < kValues; ++v) {
        while (!ring.push(p << 32 | v)) std::this_thread::yield();
      }
    });
  }
  std::vector<std::uint64_t> next(kProducers, 0);
  std::uint64_t taken = 0;
  while (taken < kProducers * kValues) {
    const std::size_t count = ring.drain(
        16, [&](std::uint64_t value) { EXPECT_EQ(value & 0xFFFFFFFF, next[value >> 32]++); });
    taken += count;
    if (count == 0) std::this_thread::yield();
  }
  for (auto& producer : producers) producer.join();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.depth(), 0U);
}

}  // namespace
