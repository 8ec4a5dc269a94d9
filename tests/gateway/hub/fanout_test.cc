#include "gateway/hub/fanout.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/gateway/hub/hub_world.h"

namespace {

using hub::Channel;
using hub::FanoutMessage;
using hub::Fanouts;
using hub::MemberIndex;
using testing_support::expect_balanced;
using testing_support::HubWorld;
using testing_support::Strings;

struct Sent {
  cross::MessageRef message;
  push::Receipt receipt;
  bool done = false;
};

class FanoutTest : public testing::Test {
 protected:
  FanoutTest() {
    world_.set_rules(std::vector<hub::QueueRules>(
        3, {.limits = {.size_max = 1'000'000, .messages_max = 1'000'000}}));
  }
  Sent& make(std::string_view payload) {
    sent_.push_back({.message = world_.message({.payload = payload, .fanout = true})});
    return sent_.back();
  }
  FanoutMessage fanout(Sent& sent, std::vector<std::uint64_t> exclude = {}) {
    return {.message = sent.message,
            .receipt = &sent.receipt,
            .watch = nullptr,
            .exclude = std::move(exclude),
            .owner = &sent};
  }
  Sent& to_channel(std::string_view name, std::string_view payload) {
    Sent& sent = make(payload);
    fanouts().to_channel(world_.hub.channels().open(name), fanout(sent));
    return sent;
  }
  Sent& to_all(std::string_view payload, std::uint16_t profile = Fanouts::kEveryProfile) {
    Sent& sent = make(payload);
    fanouts().to_all(profile, fanout(sent));
    return sent;
  }
  bool run(std::uint32_t budget) {
    std::vector<void*> done;
    EXPECT_LE(fanouts().run(budget, done), budget);
    for (void* owner : done) {
      Sent& sent = *static_cast<Sent*>(owner);
      EXPECT_FALSE(sent.done);
      sent.done = true;
      expect_balanced(sent.receipt);
    }
    return fanouts().any();
  }
  void run_all() {
    while (run(1'000)) {
    }
    EXPECT_EQ(fanouts().waiting(), 0U);
    for (const Sent& sent : sent_) EXPECT_TRUE(sent.done);
  }
  std::vector<MemberIndex> join_channel(std::string_view name, int count) {
    std::vector<MemberIndex> members;
    for (int i = 0; i < count; ++i) {
      members.push_back(world_.join());
      world_.hub.channels().subscribe(members.back(), world_.hub.channels().open(name));
    }
    return members;
  }
  Fanouts& fanouts() { return world_.hub.fanouts(); }

  HubWorld world_;
  std::deque<Sent> sent_;
};

TEST_F(FanoutTest, ReachesEverySubscriberAndNobodyElse) {
  const auto members = join_channel("news", 10);
  const auto other = world_.join();
  Sent& sent = to_channel("news", "hello");
  EXPECT_FALSE(run(100));
  EXPECT_TRUE(sent.done);
  EXPECT_EQ(sent.receipt, (push::Receipt{.matched = 10, .written = 10}));
  for (const auto member : members) EXPECT_EQ(world_.received(member), Strings{"hello"});
  EXPECT_EQ(world_.received(other), Strings{});
  EXPECT_EQ(world_.hub.channels().find("news")->fanout, nullptr);
}

TEST_F(FanoutTest, ABudgetCutsItIntoSlices) {
  join_channel("news", 10);
  Sent& sent = to_channel("news", "hello");
  for (const std::uint32_t reached : {3U, 6U, 9U}) {
    EXPECT_TRUE(run(3));
    EXPECT_EQ(sent.receipt.written, reached);
    EXPECT_FALSE(sent.done);
  }
  EXPECT_FALSE(run(3));
  EXPECT_TRUE(sent.done);
}

TEST_F(FanoutTest, NobodyThere) {
  Sent& channel = to_channel("empty", "x");
  Sent& all = to_all("x");
  run_all();
  EXPECT_EQ(channel.receipt, push::Receipt{});
  EXPECT_EQ(all.receipt, push::Receipt{});
  EXPECT_EQ(world_.hub.channels().take_abandoned(), Strings{"empty"});
}

TEST_F(FanoutTest, MessagesThatPileUpTravelTogether) {
  const auto members = join_channel("news", 4);
  for (const auto* text : {"1", "2", "3"}) to_channel("news", text);
  EXPECT_EQ(fanouts().waiting(), 3U);
  world_.transport.operations_seen = 0;
  world_.transport.parts_seen = 0;
  EXPECT_FALSE(run(100));
  EXPECT_EQ(world_.transport.operations_seen, 4);
  EXPECT_EQ(world_.transport.parts_seen, 4U);  // Joined once for all.
  for (const auto member : members) EXPECT_EQ(world_.received(member), (Strings{"1", "2", "3"}));
  EXPECT_EQ(fanouts().waiting(), 0U);
}

TEST_F(FanoutTest, OnlyWhatIsAlikeIsJoined) {
  const auto members = join_channel("news", 6);
  const std::uint64_t third = world_.hub.members().id_of(members[2]).value;
  to_channel("news", "1");
  Sent& second = make("2");
  fanouts().to_channel(world_.hub.channels().open("news"), fanout(second, {third}));
  to_channel("news", "3");
  world_.transport.parts_seen = 0;
  EXPECT_FALSE(run(100));
  EXPECT_EQ(world_.transport.parts_seen, 2U + 2U + 3U);  // The third's two are its own.
  for (const auto member : members) {
    const Strings expected = member == members[2] ? Strings{"1", "3"} : Strings{"1", "2", "3"};
    EXPECT_EQ(world_.received(member), expected);
  }
}

TEST_F(FanoutTest, MuchIsNotJoined) {
  const auto members = join_channel("news", 3);
  const std::string large(100'000, 'x');
  to_channel("news", large);
  to_channel("news", large);
  world_.transport.parts_seen = 0;
  EXPECT_FALSE(run(100));
  EXPECT_EQ(world_.transport.parts_seen, 6U);
  for (const auto member : members) EXPECT_EQ(world_.received(member), (Strings{large, large}));
}

TEST_F(FanoutTest, WhatComesDuringASweepWaitsForTheNext) {
  const auto members = join_channel("news", 4);
  to_channel("news", "1");
  EXPECT_TRUE(run(2));
  to_channel("news", "2");
  run_all();
  for (const auto member : members) EXPECT_EQ(world_.received(member), (Strings{"1", "2"}));
}

TEST_F(FanoutTest, ManyMessagesForEachReceiverUseMoreOfTheBudget) {
  join_channel("news", 100);
  for (int i = 0; i < 64; ++i) to_channel("news", "x");
  run(90);
  EXPECT_EQ(sent_.front().receipt.written, 10U);
  while (run(90)) {
  }
}

TEST_F(FanoutTest, RefusesMoreThanItsBound) {
  join_channel("news", 1);
  for (int i = 0; i < 64; ++i) {
    EXPECT_FALSE(fanouts().full());
    to_channel("news", "x");
  }
  EXPECT_TRUE(fanouts().full());
  run_all();
  EXPECT_FALSE(fanouts().full());
}

TEST_F(FanoutTest, ListsOfReceiversTakeTurns) {
  const auto many = join_channel("many", 100);
  const auto few = join_channel("few", 2);
  to_channel("many", "m");
  run(10);
  Sent& sent = to_channel("few", "f");
  run(10);
  run(10);
  EXPECT_TRUE(sent.done);  // It did not wait for the hundred.
  EXPECT_FALSE(sent_.front().done);
  run_all();
}

TEST_F(FanoutTest, ExcludedConnectionsGetNothing) {
  const auto members = join_channel("news", 3);
  Sent& sent = make("x");
  std::vector<std::uint64_t> exclude{world_.hub.members().id_of(members[1]).value, 12'345};
  std::sort(exclude.begin(), exclude.end());
  fanouts().to_channel(*world_.hub.channels().find("news"), fanout(sent, exclude));
  run_all();
  EXPECT_EQ(sent.receipt.matched, 2U);
  EXPECT_EQ(world_.received(members[1]), Strings{});
}

TEST_F(FanoutTest, ToAllHonoursProfilesAndSparesInternalOnes) {
  const auto first = world_.join({.profile = 0});
  const auto second = world_.join({.profile = 1});
  const auto canary = world_.join({.profile = 1, .internal = true});
  const auto not_ready = world_.join({.profile = 1});
  world_.hub.deactivate(not_ready);
  to_all("everybody");
  to_all("profile 1", 1);
  to_all("profile 2", 2);
  run_all();
  EXPECT_EQ(world_.received(first), Strings{"everybody"});
  EXPECT_EQ(world_.received(second), (Strings{"everybody", "profile 1"}));
  EXPECT_EQ(world_.received(canary), Strings{});
  EXPECT_EQ(world_.received(not_ready), Strings{});
}

TEST_F(FanoutTest, EmptySlotsCostLittle) {
  std::vector<MemberIndex> members;
  for (int i = 0; i < 320; ++i) members.push_back(world_.join());
  for (int i = 0; i < 319; ++i) world_.leave(members[static_cast<std::size_t>(i)]);
  Sent& sent = to_all("x");
  EXPECT_TRUE(run(10));   // 160 empty slots.
  EXPECT_FALSE(run(11));  // The other 159 and the receiver.
  EXPECT_EQ(sent.receipt.written, 1U);
}

TEST_F(FanoutTest, ForPendingSubscribersALiveOneIsHeldBack) {
  const auto pending = world_.join();
  Channel& news = world_.hub.channels().open("news");
  world_.hub.channels().subscribe(pending, news, /*pending=*/true);
  const auto other = join_channel("news", 1).front();
  Sent& sent = to_channel("news", "1");
  to_channel("news", "2");
  run_all();
  EXPECT_EQ(sent.receipt, (push::Receipt{.matched = 2, .written = 1, .queued = 1}));
  EXPECT_EQ(world_.received(pending), Strings{});
  EXPECT_EQ(world_.received(other).size(), 2U);
  const auto serial = world_.hub.channels().subscription(pending, news)->serial;
  EXPECT_TRUE(world_.hub.channels().confirm(pending, "news", 0));
  world_.hub.delivery().deliver_pending(pending, serial);
  to_channel("news", "3");
  run_all();
  EXPECT_EQ(world_.received(pending), (Strings{"1", "2", "3"}));
}

// The home's answer has come before anything that was published after it.
TEST_F(FanoutTest, StoredPublicationsAreOlderThanAPendingSubscription) {
  const auto pending = world_.join();
  Channel& news = world_.hub.channels().open("news");
  world_.hub.channels().subscribe(pending, news, /*pending=*/true);
  Sent& sent = make("stored");
  sent.message.unshared().set_position("news", 7);
  fanouts().to_channel(news, fanout(sent));
  run_all();
  EXPECT_EQ(sent.receipt, push::Receipt{});
  EXPECT_EQ(world_.counters.pending_messages.value(), 0U);
}

// A publication can be on its way to this shard while the home answers a subscriber with a position
// that includes it: it must not come twice.
TEST_F(FanoutTest, OlderPublicationsUnderWayAreNotForANewcomer) {
  const auto newcomer = world_.join();
  Channel& news = world_.hub.channels().open("news");
  world_.hub.channels().subscribe(newcomer, news, /*pending=*/true);
  const auto other = join_channel("news", 1).front();
  EXPECT_TRUE(world_.hub.channels().confirm(newcomer, "news", 7));
  for (const std::uint64_t offset : {6U, 7U, 0U, 8U, 9U}) {  // 0: a live one.
    Sent& sent = make(std::to_string(offset));
    sent.message.unshared().set_position("news", offset);
    fanouts().to_channel(news, fanout(sent));
  }
  run_all();
  EXPECT_EQ(world_.received(newcomer), (Strings{"0", "8", "9"}));
  EXPECT_EQ(world_.received(other), (Strings{"6", "7", "0", "8", "9"}));
}

// The home is told of an abandoned channel even when a fan-out was under way as its last subscriber
// left.
TEST_F(FanoutTest, AnAbandonedChannelIsNamedAfterItsFanout) {
  const auto member = join_channel("news", 1).front();
  join_channel("other", 5);
  to_channel("news", "x");
  world_.leave(member);
  EXPECT_EQ(world_.hub.channels().take_abandoned(), Strings{"news"});
  world_.hub.channels().forget_if_empty("news");
  EXPECT_NE(world_.hub.channels().find("news"), nullptr);  // The fan-out holds it.
  run_all();
  EXPECT_EQ(world_.hub.channels().take_abandoned(), Strings{"news"});
  world_.hub.channels().forget_if_empty("news");
  EXPECT_EQ(world_.hub.channels().find("news"), nullptr);
}

// Publications without a pause: the list of subscribers must not grow with every one that ever
// came.
TEST_F(FanoutTest, ABusyChannelsGapsAreClosed) {
  auto members = join_channel("news", 10);
  to_channel("news", "x");
  for (int round = 0; round < 200; ++round) {
    run(5);
    to_channel("news", "x");
    world_.leave(members.front());
    members.erase(members.begin());
    members.push_back(join_channel("news", 1).front());
    while (fanouts().waiting() > 1) run(1);
    ASSERT_GE(fanouts().waiting(), 1U);  // Never idle.
    ASSERT_LE(world_.hub.channels().find("news")->subscribers.size(), 40U);
  }
  run_all();
}

// Random slices, comings and goings: whoever stays gets everything once, in order; whoever comes
// gets everything that was published after it came.
TEST_F(FanoutTest, WhoeverStaysGetsEverythingOnceInOrder) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) {
      return static_cast<std::uint32_t>(random() % limit);
    };
    std::map<MemberIndex, int> since;  // The first message that a member must get.
    std::vector<MemberIndex> members;
    const auto join = [&](int next) {
      const auto member = join_channel("news", 1).front();
      members.push_back(member);
      since[member] = next;
    };
    int next = 0;
    for (int i = 0; i < 20; ++i) join(next);
    for (int step = 0; step < 300; ++step) {
      switch (below(4)) {
        case 0:
          if (!fanouts().full()) to_channel("news", std::to_string(next++));
          break;
        case 1:
          run(1 + below(9));
          break;
        case 2:
          join(next);
          break;
        default: {
          if (members.size() < 5) break;
          const auto which = members.begin() + below(static_cast<std::uint32_t>(members.size()));
          world_.leave(*which);
          since.erase(*which);
          members.erase(which);
        }
      }
    }
    run_all();
    for (const auto& [member, first] : since) {
      const Strings got = world_.received(member);
      ASSERT_GE(got.size(), static_cast<std::size_t>(next - first));
      int expected = next - static_cast<int>(got.size());
      ASSERT_LE(expected, first);
      for (const auto& text : got) ASSERT_EQ(text, std::to_string(expected++));
    }
    for (const MemberIndex member : members) world_.leave(member);
    world_.hub.channels().take_abandoned();
    world_.hub.channels().forget_if_empty("news");
    sent_.clear();
  }
}

}  // namespace
