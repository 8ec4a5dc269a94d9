// What comes for a subscription before its channel's home has confirmed it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gateway/hub/hub_world.h"

namespace {

using cross::DropCause;
using hub::MemberIndex;
using push::Policy;
using testing_support::expect_balanced;
using testing_support::HubWorld;
using testing_support::Strings;

struct World : HubWorld {
  explicit World(Policy overflow = Policy::kDropNewest) {
    set_rules({{.limits = {.size_max = 1'000, .messages_max = 3}, .overflow = overflow}});
  }

  std::uint32_t subscribe(MemberIndex index, std::string_view name) {
    hub::Channel& channel = hub.channels().open(name);
    EXPECT_TRUE(hub.channels().subscribe(index, channel, /*pending=*/true));
    return hub.channels().subscription(index, channel)->serial;
  }
  // A live one.
  cross::MessageRef publication(std::string_view name, std::string_view payload,
                                Policy policy = Policy::kQueue) {
    cross::MessageRef made = message({.payload = payload, .policy = policy, .fanout = true});
    made.unshared().set_position(name, 0);
    return made;
  }
  push::Receipt hold(MemberIndex index, std::uint32_t subscription, const cross::MessageRef& what,
                     hub::Watch* watch = nullptr) {
    push::Receipt receipt;
    hub.delivery().hold(index, subscription, what, receipt, watch);
    expect_balanced(receipt);
    return receipt;
  }
  void confirm(MemberIndex index, std::string_view name) {
    const auto* channel = hub.channels().find(name);
    EXPECT_TRUE(hub.channels().confirm(index, name, 0));
    hub.delivery().deliver_pending(index, hub.channels().subscription(index, *channel)->serial);
  }
  std::uint64_t dropped(DropCause cause) const { return counters.drops[cause].value(); }

  // Nothing waits: every message that was matched has come to something.
  void expect_settled() const {
    std::uint64_t drops = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(DropCause::kCount); ++c) {
      drops += dropped(static_cast<DropCause>(c));
    }
    EXPECT_EQ(counters.matched.value(), counters.written.value() + drops);
    EXPECT_EQ(counters.pending_messages.value(), 0U);
    EXPECT_EQ(counters.queue_messages.value(), 0U);
  }
};

constexpr push::Receipt kQueued{.matched = 1, .queued = 1};
constexpr push::Receipt kDropped{.matched = 1, .dropped = 1};

TEST(Pending, IsDeliveredInOrderWhenTheSubscriptionIsConfirmed) {
  World world;
  const auto alice = world.join();
  const auto news = world.subscribe(alice, "news");
  const auto more = world.subscribe(alice, "more");
  EXPECT_EQ(world.hold(alice, news, world.publication("news", "1")), kQueued);
  EXPECT_EQ(world.hold(alice, more, world.publication("more", "2")), kQueued);
  EXPECT_EQ(world.hold(alice, news, world.publication("news", "3")), kQueued);
  EXPECT_EQ(world.counters.pending_messages.value(), 3U);
  EXPECT_EQ(world.received(alice), Strings{});
  world.confirm(alice, "news");
  EXPECT_EQ(world.received(alice), (Strings{"1", "3"}));
  world.confirm(alice, "more");
  EXPECT_EQ(world.received(alice), (Strings{"1", "3", "2"}));
  EXPECT_EQ(world.counters.queued.value(), 3U);
  world.expect_settled();
}

TEST(Pending, HasTheLimitsAndThePolicyOfTheQueue) {
  struct Row {
    const char* rule;
    Policy overflow;
    Policy policy;
    push::Receipt fourth;
    Strings received;
    DropCause cause;
    std::uint64_t drops;
    bool closed;
  };
  const Strings first{"1", "2", "3"};
  const Strings last{"2", "3", "4"};
  const Row rows[] = {
      {"the profile's: newest", Policy::kDropNewest, Policy::kQueue, kDropped, first,
       DropCause::kQueueFull, 1, false},
      {"the profile's: oldest", Policy::kDropOldest, Policy::kQueue, kQueued, last,
       DropCause::kOldest, 1, false},
      {"the profile's, if it cannot conflate", Policy::kDropOldest, Policy::kConflate, kQueued,
       last, DropCause::kOldest, 1, false},
      {"the push's: newest", Policy::kClose, Policy::kDropNewest, kDropped, first,
       DropCause::kQueueFull, 1, false},
      {"the push's: oldest", Policy::kClose, Policy::kDropOldest, kQueued, last, DropCause::kOldest,
       1, false},
      {"the profile's: close",
       Policy::kClose,
       Policy::kQueue,
       kDropped,
       {},
       DropCause::kSlow,
       5,
       true},
  };
  for (const Row& row : rows) {
    World world(row.overflow);
    const auto alice = world.join();
    const auto serial = world.subscribe(alice, "news");
    for (const char* payload : {"1", "2", "3"}) {
      EXPECT_EQ(world.hold(alice, serial, world.publication("news", payload)), kQueued);
    }
    EXPECT_EQ(world.hold(alice, serial, world.publication("news", "4", row.policy)), row.fourth)
        << row.rule;
    if (row.closed) world.hold(alice, serial, world.publication("news", "5"));
    EXPECT_EQ(world.transport.slow, row.closed ? std::vector{alice} : std::vector<MemberIndex>{});
    world.confirm(alice, "news");
    EXPECT_EQ(world.received(alice), row.received) << row.rule;
    EXPECT_EQ(world.dropped(row.cause), row.drops) << row.rule;
    world.expect_settled();
  }
}

TEST(Pending, BytesAreBoundedForAllChannelsTogether) {
  World world;
  const auto alice = world.join();
  const auto news = world.subscribe(alice, "news");
  const auto more = world.subscribe(alice, "more");
  const std::string half(600, 'x');
  const auto large = [&](std::string_view channel) { return world.publication(channel, half); };
  EXPECT_EQ(world.hold(alice, news, large("news")), kQueued);
  EXPECT_GE(world.hub.delivery().held_for(alice), half.size());
  EXPECT_EQ(world.hold(alice, more, large("more")), kDropped);
  world.confirm(alice, "news");
  EXPECT_EQ(world.hub.delivery().held_for(alice), 0U);
  EXPECT_EQ(world.hold(alice, more, large("more")), kQueued);
  // One message always fits, whatever its size.
  const auto bob = world.join();
  const auto huge = world.publication("news", std::string(5'000, 'x'));
  EXPECT_EQ(world.hold(bob, world.subscribe(bob, "news"), huge), kQueued);
}

TEST(Pending, AClientIsToldHowManyItMissed) {
  World world;
  const auto alice = world.join({.encoding = cross::Encoding::kProtocol});
  const auto serial = world.subscribe(alice, "news");
  for (int i = 0; i < 5; ++i) world.hold(alice, serial, world.publication("news", "x"));
  world.confirm(alice, "news");
  ASSERT_EQ(world.received(alice).size(), 4U);
  EXPECT_EQ(world.received(alice).back(), R"({"missed":{"count":2}})");
}

TEST(Pending, TheEndOfTheSubscriptionIsTheEndOfWhatWaitsForIt) {
  World world;
  const auto alice = world.join();
  const auto news = world.subscribe(alice, "news");
  const auto more = world.subscribe(alice, "more");
  push::Receipt receipt;
  const auto first = world.publication("news", "1");
  hub::Watch* watch = world.hub.watches().open(receipt, nullptr, first->id(), false);
  world.hub.delivery().hold(alice, news, first, receipt, watch);
  EXPECT_FALSE(hub::Watches::done(*watch));
  world.hold(alice, more, world.publication("more", "1"));
  EXPECT_TRUE(world.hub.unsubscribe(alice, "news"));
  EXPECT_FALSE(world.hub.unsubscribe(alice, "news"));
  EXPECT_EQ(receipt, kDropped);
  EXPECT_TRUE(hub::Watches::done(*watch));
  world.hub.watches().let_go(watch);
  EXPECT_EQ(world.dropped(DropCause::kUnsubscribed), 1U);
  EXPECT_EQ(world.hub.members()[alice].missed, 0U);
  world.leave(alice);
  EXPECT_EQ(world.dropped(DropCause::kEnded), 1U);
  world.expect_settled();
}

// The receipt is kept up to date until the frame has left, as for every message that waits.
TEST(Pending, IsWatchedUntilItIsWritten) {
  World world;
  const auto alice = world.join({.encoding = cross::Encoding::kProtocol});
  const auto serial = world.subscribe(alice, "news");
  push::Receipt receipt;
  const auto first = world.publication("news", "1");
  hub::Watch* watch = world.hub.watches().open(receipt, nullptr, first->id(), true);
  world.hub.delivery().hold(alice, serial, first, receipt, watch);
  world.block(alice);
  world.confirm(alice, "news");
  EXPECT_EQ(receipt, kQueued);
  world.unblock(alice);
  EXPECT_EQ(receipt, (push::Receipt{.matched = 1, .written = 1}));
  EXPECT_FALSE(hub::Watches::done(*watch));
  EXPECT_TRUE(world.hub.watches().acknowledge(first->id(), world.hub.members().id_of(alice)));
  EXPECT_TRUE(hub::Watches::done(*watch));
  world.hub.watches().let_go(watch);
  world.expect_settled();
}

TEST(Pending, WhoeverWaitedMayHaveGivenUp) {
  for (const bool delivered : {false, true}) {
    World world;
    const auto alice = world.join({.encoding = cross::Encoding::kProtocol});
    const auto serial = world.subscribe(alice, "news");
    push::Receipt receipt;
    const auto message = world.publication("news", "1");
    hub::Watch* watch = world.hub.watches().open(receipt, nullptr, message->id(), true);
    world.hub.delivery().hold(alice, serial, message, receipt, watch);
    world.hub.watches().let_go(watch);
    if (delivered) {
      world.confirm(alice, "news");
    } else {
      world.leave(alice);
    }
    EXPECT_EQ(receipt, kQueued);
    EXPECT_EQ(world.received(alice).size(), delivered ? 1U : 0U);
    world.expect_settled();
  }
}

}  // namespace
