#include "gateway/loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace {

using loop::TimerWheel;

constexpr std::uint64_t kCellMs = 16;
constexpr std::uint64_t kTurnMs = kCellMs * 2'048;

std::vector<std::uint32_t> due_at(TimerWheel& wheel, std::uint64_t now_ms) {
  std::vector<std::uint32_t> due;
  wheel.advance(now_ms, due);
  return due;
}

using Slots = std::vector<std::uint32_t>;

TEST(TimerWheel, NothingSetNothingDue) {
  TimerWheel wheel(1'000);
  EXPECT_FALSE(wheel.next_wake_ms());
  wheel.cancel(7);
  EXPECT_EQ(due_at(wheel, 1'000'000), Slots{});
}

TEST(TimerWheel, NeverEarlyAndAtMostOneCellLate) {
  for (std::uint64_t delay = 0; delay < 3 * kCellMs; ++delay) {
    TimerWheel wheel(1'000);
    wheel.set(0, 1'000 + delay);
    std::uint64_t now = 1'000;
    while (due_at(wheel, now).empty()) ++now;
    EXPECT_GE(now, 1'000 + delay);
    EXPECT_LE(now, 1'000 + delay + kCellMs);
  }
}

TEST(TimerWheel, ADeadlineInThePastIsDueInTheNextCell) {
  TimerWheel wheel(0);
  EXPECT_EQ(due_at(wheel, 10'000), Slots{});
  wheel.set(3, 5);
  EXPECT_EQ(wheel.next_wake_ms(), 10'000 / kCellMs * kCellMs + kCellMs);
  EXPECT_EQ(due_at(wheel, 10'000 + kCellMs), Slots{3});
}

TEST(TimerWheel, SetAgainAndCancelled) {
  TimerWheel wheel(0);
  wheel.set(1, 100);
  wheel.set(2, 100);
  wheel.set(3, 100);
  wheel.set(1, 500);
  wheel.cancel(3);
  wheel.cancel(3);
  EXPECT_EQ(due_at(wheel, 200), Slots{2});
  EXPECT_EQ(due_at(wheel, 1'000), Slots{1});
  EXPECT_FALSE(wheel.next_wake_ms());
}

TEST(TimerWheel, FarDeadlinesSurviveManyTurns) {
  TimerWheel wheel(0);
  wheel.set(0, 10 * kTurnMs + 5);
  wheel.set(1, std::numeric_limits<std::uint64_t>::max());
  std::uint64_t met = 0;
  for (std::uint64_t now = 0; met == 0; now = *wheel.next_wake_ms()) {
    for (const std::uint32_t slot : due_at(wheel, now)) {
      EXPECT_EQ(slot, 0U);
      met = now;
    }
  }
  EXPECT_GE(met, 10 * kTurnMs + 5);
  EXPECT_LE(met, 10 * kTurnMs + 5 + kCellMs);
}

TEST(TimerWheel, ALongSleepMeetsAllInOrder) {
  TimerWheel wheel(0);
  Slots expected;
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    wheel.set(slot, (slot + 1) * kCellMs);
    expected.push_back(slot);
  }
  EXPECT_EQ(due_at(wheel, 5 * kTurnMs / 2), expected);
}

// The monotonic clock starts with the machine, and machines run for years.
TEST(TimerWheel, WorksAfterManyYears) {
  constexpr std::uint64_t kYearMs = 365ULL * 24 * 3'600 * 1'000;
  TimerWheel wheel(0);
  const std::uint64_t now = 40 * kYearMs;
  EXPECT_EQ(due_at(wheel, now), Slots{});
  wheel.set(0, now + 1'000);
  EXPECT_EQ(due_at(wheel, now + 900), Slots{});
  EXPECT_LE(*wheel.next_wake_ms(), now + 1'000 + kCellMs);
  EXPECT_EQ(due_at(wheel, now + 1'000 + kCellMs), Slots{0});
}

struct Deadline {
  std::uint64_t at_ms;
  std::uint64_t floor_ms;  // When the wheel stood when it was set: it cannot be met before.
};

void check_due(const Slots& due, std::map<std::uint32_t, Deadline>& model, std::uint64_t now) {
  for (const std::uint32_t slot : due) {
    ASSERT_TRUE(model.contains(slot)) << "cancelled, or due twice";
    ASSERT_LE(model[slot].at_ms, now) << "early";
    model.erase(slot);
  }
  for (const auto& [slot, deadline] : model) {
    ASSERT_GT(std::max(deadline.at_ms, deadline.floor_ms) + kCellMs, now) << "late";
  }
}

void check_wake(const TimerWheel& wheel, const std::map<std::uint32_t, Deadline>& model) {
  const auto wake = wheel.next_wake_ms();
  ASSERT_EQ(wake.has_value(), !model.empty());
  for (const auto& [slot, deadline] : model) {
    ASSERT_LT(*wake, std::max(deadline.at_ms, deadline.floor_ms) + 2 * kCellMs);
  }
}

TEST(TimerWheel, BehavesLikeASortedMap) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    std::uint64_t now = below(100'000);
    TimerWheel wheel(now);
    std::map<std::uint32_t, Deadline> model;
    for (int step = 0; step < 3'000; ++step) {
      const auto slot = static_cast<std::uint32_t>(below(50));
      switch (below(8)) {
        case 0:
        case 1:
        case 2: {
          const std::uint64_t ahead = below(4) == 0 ? below(4 * kTurnMs) : below(500);
          const std::uint64_t at = now + ahead - std::min(now, below(40));
          wheel.set(slot, at);
          model[slot] = {at, now};
          break;
        }
        case 3:
          wheel.cancel(slot);
          model.erase(slot);
          break;
        default: {
          now += below(20) == 0 ? below(2 * kTurnMs) : below(60);
          check_due(due_at(wheel, now), model, now);
        }
      }
      check_wake(wheel, model);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
