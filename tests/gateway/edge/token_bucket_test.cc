#include "gateway/edge/token_bucket.h"

#include <gtest/gtest.h>

#include <random>

namespace edge {
namespace {

// How many tokens can be taken one by one at this moment.
std::uint64_t drain(TokenBucket& bucket, std::uint64_t now_ms, const Rate& rate) {
  std::uint64_t count = 0;
  while (bucket.has_token(now_ms, rate)) {
    bucket.take(now_ms, 1, rate);
    ++count;
  }
  return count;
}

TEST(TokenBucketTest, BurstThenRate) {
  const Rate rate{.per_second = 10, .burst = 5};
  TokenBucket bucket;
  EXPECT_EQ(drain(bucket, 1'000, rate), 5U);
  EXPECT_EQ(bucket.ready_ms(rate), 1'100U);
  EXPECT_EQ(drain(bucket, 1'099, rate), 0U);
  EXPECT_EQ(drain(bucket, 1'100, rate), 1U);
  EXPECT_EQ(drain(bucket, 1'300, rate), 2U);
  EXPECT_EQ(drain(bucket, 100'000, rate), 5U);  // Never more than the burst.
}

TEST(TokenBucketTest, NoRateIsAnyRate) {
  const Rate any{.per_second = 0, .burst = 1};
  TokenBucket bucket;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(bucket.has_token(0, any));
    bucket.take(0, 1'000'000, any);
  }
  EXPECT_EQ(bucket.ready_ms(any), 0U);
}

TEST(TokenBucketTest, WhatIsOwedIsWaitedFor) {
  const Rate rate{.per_second = 1'000, .burst = 4'096};
  TokenBucket bucket;
  bucket.take(0, 10'000, rate);
  EXPECT_FALSE(bucket.has_token(0, rate));
  const std::uint64_t ready = bucket.ready_ms(rate);
  EXPECT_EQ(ready, 10'000U - 4'095U);
  EXPECT_FALSE(bucket.has_token(ready - 1, rate));
  EXPECT_TRUE(bucket.has_token(ready, rate));
}

TEST(TokenBucketTest, RatesAboveOneAMillisecondAreKept) {
  const Rate rate{.per_second = 1'000'000, .burst = 100};
  TokenBucket bucket;
  EXPECT_EQ(drain(bucket, 5, rate), 100U);
  EXPECT_EQ(drain(bucket, 6, rate), 100U);
  const Rate fastest{.per_second = 1'000'000'000, .burst = 4'294'967'295};
  TokenBucket large;
  large.take(0, 4'294'967'295, fastest);
  EXPECT_FALSE(large.has_token(0, fastest));
  EXPECT_TRUE(large.has_token(1, fastest));
}

// Over any time, no more than the burst and the rate allow; and a client that asks all the time
// gets what the rate allows, but for a rounding of each token to the nanosecond.
TEST(TokenBucketTest, NeverMoreAndHardlyLessThanAllowed) {
  std::minstd_rand random(7);
  for (int round = 0; round < 200; ++round) {
    const Rate rate{.per_second = 1 + random() % 5'000, .burst = 1 + random() % 500};
    TokenBucket bucket;
    std::uint64_t now = 1 + random() % 10'000;
    const std::uint64_t begin = now;
    std::uint64_t taken = drain(bucket, now, rate);
    for (int step = 0; step < 100; ++step) {
      now += random() % 20;
      taken += drain(bucket, now, rate);
      const double allowed = static_cast<double>(rate.burst) +
                             static_cast<double>(rate.per_second * (now - begin)) / 1'000.0;
      ASSERT_LE(static_cast<double>(taken), allowed + 0.1);
    }
    const double allowed = static_cast<double>(rate.burst) +
                           static_cast<double>(rate.per_second * (now - begin)) / 1'000.0;
    if (rate.burst * 1'000 > rate.per_second * 20) {  // The bucket never was full in between.
      EXPECT_GE(static_cast<double>(taken), allowed - 2.0) << rate.per_second << ' ' << rate.burst;
    }
  }
}

}  // namespace
}  // namespace edge
