// What gives way when a member's queue is full, and what its client is told about it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/hub/delivery.h"
#include "tests/gateway/hub/hub_world.h"

namespace {

using push::Policy;
using testing_support::HubWorld;
using testing_support::kClose;
using testing_support::kPing;
using testing_support::Strings;

// A member that takes nothing, with room for 100 bytes or 4 messages.
class QueuePolicy : public testing::Test {
 protected:
  void start(Policy overflow, cross::Encoding encoding = cross::Encoding::kPlain) {
    world_.set_rules({{.limits = {.size_max = 100, .messages_max = 4}, .overflow = overflow}});
    member_ = world_.join({.uid = "u", .encoding = encoding});
    world_.block(member_);
  }
  push::Receipt push(std::string_view payload, Policy policy = Policy::kQueue,
                     std::string_view key = {}) {
    return world_.push(member_,
                       world_.message({.payload = payload, .conflate_key = key, .policy = policy}));
  }
  Strings rest() {
    world_.unblock(member_);
    return world_.received(member_);
  }
  std::uint64_t drops(cross::DropCause cause) { return world_.counters.drops[cause].value(); }

  HubWorld world_;
  hub::MemberIndex member_ = 0;
};

constexpr push::Receipt kQueued{.matched = 1, .queued = 1};
constexpr push::Receipt kDropped{.matched = 1, .dropped = 1};
constexpr push::Receipt kConflated{.matched = 1, .conflated = 1};

TEST_F(QueuePolicy, DropNewest) {
  start(Policy::kDropNewest);
  for (const auto* text : {"1", "2", "3", "4"}) EXPECT_EQ(push(text), kQueued);
  EXPECT_EQ(push("5"), kDropped);
  EXPECT_EQ(drops(cross::DropCause::kQueueFull), 1U);
  EXPECT_EQ(rest(), (Strings{"1", "2", "3", "4"}));
  EXPECT_EQ(world_.hub.members()[member_].missed, 1U);
}

TEST_F(QueuePolicy, DropOldest) {
  start(Policy::kDropOldest);
  for (const auto* text : {"1", "2", "3", "4", "5", "6"}) EXPECT_EQ(push(text), kQueued);
  EXPECT_EQ(drops(cross::DropCause::kOldest), 2U);
  EXPECT_EQ(push(std::string(80, 'L')), kQueued);  // Bytes, too.
  EXPECT_EQ(rest(), (Strings{"4", "5", "6", std::string(80, 'L')}));
  EXPECT_EQ(drops(cross::DropCause::kOldest), 3U);
}

TEST_F(QueuePolicy, Close) {
  start(Policy::kClose);
  for (const auto* text : {"1", "2", "3", "4"}) EXPECT_EQ(push(text), kQueued);
  EXPECT_EQ(push("5"), kDropped);
  EXPECT_EQ(world_.transport.slow, std::vector{member_});
  EXPECT_EQ(drops(cross::DropCause::kSlow), 5U);
  // It is doomed: nothing more is queued, nobody is told twice.
  EXPECT_EQ(push("6"), kDropped);
  EXPECT_EQ(drops(cross::DropCause::kSlow), 6U);
  EXPECT_TRUE(world_.answer(member_, "an answer"));
  EXPECT_EQ(world_.transport.slow.size(), 1U);
  EXPECT_EQ(world_.counters.queue_bytes.value(), 0U);
  EXPECT_TRUE(world_.control(member_, kClose, "slow"));
  EXPECT_EQ(rest(), Strings{"[slow]"});
}

TEST_F(QueuePolicy, ThePushsOwnPolicyGoesBeforeTheProfiles) {
  start(Policy::kClose);
  for (const auto* text : {"1", "2", "3", "4"}) push(text);
  EXPECT_EQ(push("5", Policy::kDropNewest), kDropped);
  EXPECT_EQ(push("6", Policy::kDropOldest), kQueued);
  EXPECT_TRUE(world_.transport.slow.empty());
  EXPECT_EQ(push("7", Policy::kClose), kDropped);
  EXPECT_EQ(world_.transport.slow.size(), 1U);
}

TEST_F(QueuePolicy, AMessageLargerThanTheQueueIsDeliverableWhenNothingWaits) {
  const std::string large(1'000, 'L');
  for (const Policy policy : {Policy::kQueue, Policy::kConflate, Policy::kDropOldest,
                              Policy::kDropNewest, Policy::kClose}) {
    start(Policy::kClose);
    EXPECT_EQ(push(large, policy, "key"), kQueued);
    EXPECT_EQ(push("next", Policy::kDropNewest), kDropped);
    EXPECT_EQ(rest(), Strings{large});
  }
  start(Policy::kClose);
  EXPECT_TRUE(world_.answer(member_, large));
  EXPECT_FALSE(world_.answer(member_, "no more"));
  EXPECT_EQ(rest(), Strings{large});
}

TEST_F(QueuePolicy, OldMessagesAreNotDroppedForOneThatCannotFit) {
  start(Policy::kDropOldest);
  world_.block(member_, 1);
  push("started");
  push("waiting");
  EXPECT_EQ(push(std::string(95, 'L')), kDropped);  // With what is started it is too much.
  EXPECT_EQ(drops(cross::DropCause::kQueueFull), 1U);
  EXPECT_EQ(rest(), (Strings{"started", "waiting"}));
}

TEST_F(QueuePolicy, AnswersAreNeverDroppedForPushes) {
  start(Policy::kDropOldest);
  EXPECT_TRUE(world_.answer(member_, "answer"));
  for (const auto* text : {"1", "2", "3", "4", "5"}) push(text);
  EXPECT_EQ(rest(), (Strings{"answer", "3", "4", "5"}));
}

TEST_F(QueuePolicy, ConflateReplacesInPlace) {
  start(Policy::kClose);
  EXPECT_EQ(push("a1", Policy::kConflate, "a"), kQueued);
  EXPECT_EQ(push("b1", Policy::kConflate, "b"), kQueued);
  EXPECT_EQ(push("plain"), kQueued);
  for (int i = 2; i < 50; ++i) {
    EXPECT_EQ(push("a" + std::to_string(i), Policy::kConflate, "a"), kConflated);
  }
  EXPECT_EQ(world_.counters.conflated.value(), 48U);
  EXPECT_EQ(world_.counters.queue_messages.value(), 3U);
  EXPECT_EQ(rest(), (Strings{"a49", "b1", "plain"}));
}

TEST_F(QueuePolicy, WhatIsConflatedWithoutFittingInPlaceIsCounted) {
  start(Policy::kDropOldest);
  EXPECT_EQ(push("plain"), kQueued);
  EXPECT_EQ(push("a1", Policy::kConflate, "a"), kQueued);
  EXPECT_EQ(push(std::string(95, 'a'), Policy::kConflate, "a"), kQueued);
  EXPECT_EQ(rest(), Strings{std::string(95, 'a')});
  const cross::Counters& counters = world_.counters;
  EXPECT_EQ(counters.conflated.value(), 1U);
  EXPECT_EQ(counters.matched.value(), counters.written.value() + counters.conflated.value() +
                                          drops(cross::DropCause::kOldest));
}

TEST_F(QueuePolicy, ConflateWithoutAKeyReplacesNothing) {
  start(Policy::kClose);
  EXPECT_TRUE(world_.answer(member_, "answer"));
  EXPECT_EQ(push("1", Policy::kConflate), kQueued);
  EXPECT_EQ(push("2", Policy::kConflate), kQueued);
  EXPECT_EQ(rest(), (Strings{"answer", "1", "2"}));
}

TEST_F(QueuePolicy, ConflationKeepsTheOrderOfTargetedMessages) {
  start(Policy::kClose);
  world_.push(
      member_,
      world_.message(
          {.payload = "all", .conflate_key = "k", .policy = Policy::kConflate, .fanout = true}));
  EXPECT_EQ(push("1", Policy::kConflate, "k"), kQueued);  // Not in the fan-out's place.
  EXPECT_EQ(push("2"), kQueued);
  EXPECT_EQ(rest(), (Strings{"1", "2", "all"}));
}

TEST_F(QueuePolicy, ConflationDoesNotOutgrowTheQueue) {
  const std::string large(90, 'L');
  {
    start(Policy::kDropNewest);
    push("a", Policy::kConflate, "a");
    push("some more");
    EXPECT_EQ(push(large, Policy::kConflate, "a"), kDropped);
    EXPECT_EQ(rest(), (Strings{"a", "some more"}));
  }
  {
    start(Policy::kDropOldest);
    push("a", Policy::kConflate, "a");
    push("some more");
    push("b");
    EXPECT_EQ(push(large, Policy::kConflate, "a"), kQueued);
    EXPECT_EQ(rest(), (Strings{"b", large}));
  }
  {
    start(Policy::kClose);
    push("a", Policy::kConflate, "a");
    push("some more");
    EXPECT_EQ(push(large, Policy::kConflate, "a"), kDropped);
    EXPECT_EQ(world_.transport.slow.size(), 1U);
  }
}

TEST_F(QueuePolicy, ExpiredMessagesAreDropped) {
  start(Policy::kClose);
  world_.hub.delivery().set_now(1'000);
  world_.push(member_, world_.message({.payload = "soon", .expires_ms = 1'010}));
  world_.push(member_, world_.message({.payload = "late", .expires_ms = 1'500}));
  push("never");
  EXPECT_EQ(world_.transport.wakes[member_], 1'010U);
  world_.hub.delivery().set_now(1'009);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(drops(cross::DropCause::kExpired), 0U);
  world_.transport.wakes.clear();
  world_.hub.delivery().set_now(1'010);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(drops(cross::DropCause::kExpired), 1U);
  EXPECT_EQ(world_.transport.wakes[member_], 1'500U);
  world_.hub.delivery().set_now(1'600);  // Also looked at when there is room to write.
  EXPECT_EQ(rest(), Strings{"never"});
  EXPECT_EQ(drops(cross::DropCause::kExpired), 2U);
}

TEST_F(QueuePolicy, AStartedMessageDoesNotExpire) {
  start(Policy::kClose);
  world_.block(member_, 1);
  world_.push(member_, world_.message({.payload = "started", .expires_ms = 10}));
  world_.hub.delivery().set_now(1'000);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(rest(), Strings{"started"});
}

TEST_F(QueuePolicy, WhatArrivesTooLateIsNotSent) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  world_.unblock(member_);
  world_.hub.delivery().set_now(1'000);
  EXPECT_EQ(world_.push(member_, world_.message({.payload = "late", .expires_ms = 1'000})),
            kDropped);
  EXPECT_EQ(rest(), Strings{R"({"missed":{"count":1}})"});
}

TEST_F(QueuePolicy, AConflatedMessagesTimeToLiveCounts) {
  start(Policy::kClose);
  push("a", Policy::kConflate, "a");
  world_.push(
      member_,
      world_.message(
          {.payload = "a2", .conflate_key = "a", .policy = Policy::kConflate, .expires_ms = 50}));
  EXPECT_EQ(world_.transport.wakes[member_], 50U);
  world_.hub.delivery().set_now(50);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(rest(), Strings{});
}

class MissedNotice : public QueuePolicy {
 protected:
  static std::string notice(int count) {
    return R"({"missed":{"count":)" + std::to_string(count) + "}}";
  }
  // The notices among what was received.
  Strings notices() {
    Strings all;
    for (const auto& text : rest()) {
      if (text.starts_with(R"({"missed")")) all.push_back(text);
    }
    return all;
  }
};

TEST_F(MissedNotice, TellsAProtocolClientHowManyItMissed) {
  start(Policy::kDropNewest, cross::Encoding::kProtocol);
  for (int i = 0; i < 9; ++i) push("m");
  world_.unblock(member_);
  const Strings all = world_.received(member_);
  EXPECT_EQ(all.front(), notice(static_cast<int>(9 - (all.size() - 1))));
  EXPECT_EQ(world_.counters.missed_notices.value(), 1U);
  EXPECT_EQ(world_.hub.members()[member_].missed_untold, 0U);
}

TEST_F(MissedNotice, ThereIsOneAtATimeAndNoneIsLost) {
  start(Policy::kDropNewest, cross::Encoding::kProtocol);
  push("fits");
  push(std::string(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    world_.hub.delivery().on_writable(member_);  // Takes nothing.
    push(std::string(100, 'x'));
  }
  EXPECT_EQ(notices(), (Strings{notice(1), notice(50)}));
}

TEST_F(MissedNotice, IsTruthfulWhenEverythingExpires) {
  start(Policy::kDropNewest, cross::Encoding::kProtocol);
  world_.push(member_, world_.message({.payload = "x", .expires_ms = 10}));
  world_.hub.delivery().set_now(10);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(notices(), Strings{notice(1)});
}

TEST_F(MissedNotice, PlainClientsGetNone) {
  start(Policy::kDropNewest);
  for (int i = 0; i < 9; ++i) push("m");
  EXPECT_EQ(notices(), Strings{});
}

TEST_F(MissedNotice, IsNoDataAfterTheCloseFrame) {
  start(Policy::kDropNewest, cross::Encoding::kProtocol);
  for (int i = 0; i < 9; ++i) push("m");
  world_.control(member_, kClose, "bye");
  EXPECT_EQ(rest().back(), "[bye]");
}

// Whoever waits for a push learns what became of every frame of it.
class WatchedPush : public QueuePolicy {
 protected:
  void watched_push(std::string_view payload, Policy policy = Policy::kQueue,
                    std::string_view key = {}, std::uint64_t expires_ms = 0) {
    watch_ = world_.hub.watches().open(receipt_, nullptr, {world_.serial + 1}, true);
    world_.hub.delivery().deliver(
        member_,
        message_ = world_.message(
            {.payload = payload, .conflate_key = key, .policy = policy, .expires_ms = expires_ms}),
        receipt_, watch_);
    world_.hub.delivery().flush();
  }
  void TearDown() override {
    testing_support::expect_balanced(receipt_);
    EXPECT_TRUE(hub::Watches::done(*watch_));
    world_.hub.watches().let_go(watch_);
  }
  push::Receipt receipt_;
  cross::MessageRef message_;
  hub::Watch* watch_ = nullptr;
};

TEST_F(WatchedPush, Written) {
  start(Policy::kClose);
  watched_push("x");
  EXPECT_FALSE(hub::Watches::done(*watch_));
  rest();
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .written = 1}));
}

TEST_F(WatchedPush, WrittenAndAcknowledged) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  watched_push("x");
  rest();
  EXPECT_FALSE(hub::Watches::done(*watch_));
  world_.hub.watches().acknowledge(message_->id(), world_.hub.members().id_of(member_));
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .written = 1, .acked = 1}));
}

TEST_F(WatchedPush, DroppedForANewerOne) {
  start(Policy::kDropOldest, cross::Encoding::kProtocol);
  watched_push("x");
  push(std::string(99, 'x'));
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .dropped = 1}));
}

TEST_F(WatchedPush, DroppedAtOnce) {
  start(Policy::kDropNewest, cross::Encoding::kProtocol);
  push("fills");
  watched_push(std::string(99, 'x'));
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .dropped = 1}));
}

TEST_F(WatchedPush, Expired) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  watched_push("x", Policy::kQueue, {}, 10);
  world_.hub.delivery().set_now(10);
  world_.hub.delivery().expire(member_);
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .dropped = 1}));
}

TEST_F(WatchedPush, ConflatedTwiceOver) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  push("a1", Policy::kConflate, "a");
  watched_push("a2", Policy::kConflate, "a");
  EXPECT_EQ(receipt_, kConflated);
  push("a3", Policy::kConflate, "a");
  EXPECT_EQ(receipt_, kConflated);
}

TEST_F(WatchedPush, ConflatedThenWritten) {
  start(Policy::kClose);
  push("a1", Policy::kConflate, "a");
  watched_push("a2", Policy::kConflate, "a");
  rest();
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .written = 1}));
}

TEST_F(WatchedPush, TheConnectionEnds) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  watched_push("x");
  world_.leave(member_);
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .dropped = 1}));
}

TEST_F(WatchedPush, TheWireBreaks) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  world_.wire(member_).broken = true;
  watched_push("x");
  EXPECT_EQ(receipt_, (push::Receipt{.matched = 1, .dropped = 1}));
}

TEST_F(WatchedPush, TheConnectionMovesAway) {
  start(Policy::kClose, cross::Encoding::kProtocol);
  watched_push("x");
  world_.hub.delivery().take_unsent(member_);
  EXPECT_EQ(receipt_, kQueued);
}

}  // namespace
