#include "gateway/api/idempotency_table.h"

#include <gtest/gtest.h>

#include <string>

namespace api {
namespace {

using State = ClaimAnswer::State;

TEST(IdempotencyTable, FromClaimToAnswer) {
  IdempotencyTable table({});
  EXPECT_EQ(table.claim("k", 1, 0).state, State::kNew);
  EXPECT_EQ(table.claim("k", 1, 1).state, State::kPending);
  EXPECT_EQ(table.claim("k", 2, 1).state, State::kMismatch);
  EXPECT_EQ(table.claim("other", 1, 1).state, State::kNew);
  table.store("k", 200, "answer");
  const ClaimAnswer done = table.claim("k", 1, 2);
  EXPECT_EQ(done.state, State::kDone);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, "answer");
  EXPECT_EQ(table.claim("k", 2, 2).state, State::kMismatch);
  table.store("k", 500, "too late");
  EXPECT_EQ(table.claim("k", 1, 2).body, "answer");
}

TEST(IdempotencyTable, AClaimCanBeGivenUp) {
  IdempotencyTable table({});
  EXPECT_EQ(table.claim("k", 1, 0).state, State::kNew);
  table.store("k", 0, "");
  EXPECT_EQ(table.size(), 0);
  EXPECT_EQ(table.bytes(), 0);
  EXPECT_EQ(table.claim("k", 2, 0).state, State::kNew);
  table.store("unknown", 200, "x");
  EXPECT_EQ(table.size(), 1);
}

TEST(IdempotencyTable, ForgetsAfterItsTime) {
  IdempotencyTable table({.ttl_ms = 100});
  static_cast<void>(table.claim("pending", 1, 0));
  static_cast<void>(table.claim("done", 1, 0));
  table.store("done", 200, "x");
  EXPECT_EQ(table.claim("pending", 1, 99).state, State::kPending);
  EXPECT_EQ(table.claim("done", 1, 99).state, State::kDone);
  EXPECT_EQ(table.claim("done", 2, 100).state, State::kNew);
  EXPECT_FALSE(table.expire(99));
  EXPECT_EQ(table.size(), 2);
  EXPECT_FALSE(table.expire(100));
  EXPECT_EQ(table.size(), 1);
  EXPECT_FALSE(table.expire(200));
  EXPECT_EQ(table.size(), 0);
  EXPECT_EQ(table.bytes(), 0);
}

TEST(IdempotencyTable, ExpiresALittleAtATime) {
  IdempotencyTable table({.ttl_ms = 1});
  for (int i = 0; i < 1'000; ++i) static_cast<void>(table.claim(std::to_string(i), 1, 0));
  int calls = 1;
  while (table.expire(10)) ++calls;
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(table.size(), 0);
}

TEST(IdempotencyTable, TheOldestGiveWay) {
  IdempotencyTable table({.keys_max = 3});
  for (const char* key : {"a", "b", "c", "d"}) static_cast<void>(table.claim(key, 1, 0));
  EXPECT_EQ(table.size(), 3);
  EXPECT_EQ(table.claim("b", 1, 0).state, State::kPending);
  EXPECT_EQ(table.claim("a", 1, 0).state, State::kNew);
}

TEST(IdempotencyTable, BytesAreBounded) {
  IdempotencyTable table({.bytes_max = 5'000});
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(i);
    static_cast<void>(table.claim(key, 1, 0));
    table.store(key, 200, std::string(1'000, 'x'));
    EXPECT_LE(table.bytes(), 5'000);
  }
  EXPECT_EQ(table.claim("99", 1, 0).state, State::kDone);
  EXPECT_EQ(table.claim("0", 1, 0).state, State::kNew);
}

}  // namespace
}  // namespace api
