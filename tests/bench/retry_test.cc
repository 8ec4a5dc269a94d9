#include "bench/load/scenario/retry.h"

#include <gtest/gtest.h>

namespace load {
namespace {

constexpr std::int64_t kNow = 1'000 * kSecond;

TEST(Retry, NeverComesBackBeforeTheHint) {
  for (const double jitter : {0.0, 0.5, 0.999}) {
    Retry retry;
    const std::int64_t at = retry.after_refusal(kNow, 5, jitter);
    EXPECT_GE(at, kNow + 5 * kSecond) << jitter;
    EXPECT_LE(at, kNow + 5 * kSecond + kSecond / 2) << jitter;
  }
}

TEST(Retry, JitterSpreadsThoseWhoWereTurnedAwayTogether) {
  Retry early;
  Retry late;
  EXPECT_LT(early.after_refusal(kNow, 1, 0.1), late.after_refusal(kNow, 1, 0.9));
  EXPECT_LT(early.after_refusal(kNow, {}, 0.1), late.after_refusal(kNow, {}, 0.9));
  // A hint of no time at all still spreads them.
  EXPECT_GT(Retry().after_refusal(kNow, 0, 0.5), kNow);
}

TEST(Retry, PausesDoubleUpToTheLongest) {
  Retry retry;
  std::int64_t expected = Retry::kPauseMin;
  for (int i = 0; i < 20; ++i) {
    // Half of the pause for certain, the other half by chance.
    EXPECT_EQ(retry.after_refusal(kNow, {}, 0), kNow + expected / 2) << i;
    expected = std::min(2 * expected, Retry::kPauseMax);
  }
  EXPECT_EQ(expected, Retry::kPauseMax);
}

TEST(Retry, WithoutAHintNothingIsPastIt) {
  Retry retry;
  EXPECT_EQ(retry.past_hint_ns(kNow, kNow), 0);
  retry.after_refusal(kNow, {}, 0);
  EXPECT_EQ(retry.past_hint_ns(kNow + kSecond, kNow + kSecond), 0);
}

TEST(Retry, ARefusalAfterTheHintsEndIsPastIt) {
  Retry retry;
  retry.after_refusal(kNow, 2, 0);
  const std::int64_t end = kNow + 2 * kSecond;
  EXPECT_EQ(retry.past_hint_ns(end - 1, end + 5), 0) << "it came too early itself";
  EXPECT_EQ(retry.past_hint_ns(end, end + 5), 5);
}

TEST(Retry, TheFirstHintIsThePromise) {
  Retry retry;
  retry.after_refusal(kNow, 1, 0);
  const std::int64_t second = kNow + 3 * kSecond;
  retry.after_refusal(second, 10, 0);
  EXPECT_EQ(retry.past_hint_ns(second + kSecond, second + kSecond), 3 * kSecond);
}

}  // namespace
}  // namespace load
