// Delivery to wires that take all, some, nothing, or are gone.
#include "gateway/hub/delivery.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gateway/hub/hub_world.h"

namespace {

using testing_support::expect_balanced;
using testing_support::HubWorld;
using testing_support::kClose;
using testing_support::kPing;
using testing_support::kPong;
using testing_support::parse_frames;
using testing_support::Strings;

TEST(Delivery, AnIdleMemberGetsTheFrameAtOnce) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  EXPECT_EQ(world.push(alice, "hello"), (push::Receipt{.matched = 1, .written = 1}));
  EXPECT_EQ(world.received(alice), Strings{"hello"});
  EXPECT_EQ(world.hub.members()[alice].queue, nullptr);
  EXPECT_EQ(world.counters.written.value(), 1U);
  EXPECT_EQ(world.counters.bytes_out.value(), 7U);
  EXPECT_EQ(world.counters.push_latency.sum_ns() > 0, true);
}

TEST(Delivery, MessagesOfOneTurnLeaveWithOneSend) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  const auto bob = world.join({.uid = "bob"});
  push::Receipt receipt;
  const auto first = world.message("1");
  const auto second = world.message("2");
  for (const auto member : {alice, bob}) {
    world.hub.delivery().deliver(member, first, receipt, nullptr);
    world.hub.delivery().deliver(member, second, receipt, nullptr);
  }
  EXPECT_EQ(world.transport.calls, 0);
  world.hub.delivery().flush();
  world.hub.delivery().flush();
  EXPECT_EQ(world.transport.calls, 1);
  EXPECT_EQ(world.transport.operations_seen, 2);
  EXPECT_EQ(receipt, (push::Receipt{.matched = 4, .written = 4}));
  EXPECT_EQ(world.received(bob), (Strings{"1", "2"}));
}

TEST(Delivery, MoreThanAnEntryHoldsStayInOrder) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  std::vector<cross::MessageRef> messages;
  Strings expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    messages.push_back(world.message(expected.back()));
  }
  push::Receipt receipt;
  for (const auto& message : messages)
    world.hub.delivery().deliver(alice, message, receipt, nullptr);
  world.hub.delivery().flush();
  EXPECT_EQ(world.received(alice), expected);
  EXPECT_EQ(receipt, (push::Receipt{.matched = 200, .written = 200}));
}

// Three messages gathered, a kernel that takes k bytes: whatever k is, the receipts are true and
// the rest follows in order, without a torn frame.
TEST(Delivery, EveryCutOfAGatheredSend) {
  const std::size_t total = 3 * (2 + 5);
  for (std::size_t k = 0; k <= total; ++k) {
    SCOPED_TRACE(k);
    HubWorld world;
    const auto alice = world.join({.uid = "alice"});
    world.block(alice, k);
    std::vector<push::Receipt> receipts(3);
    const std::vector messages{world.message("first"), world.message("secon"),
                               world.message("third")};
    for (std::size_t i = 0; i < 3; ++i) {
      world.hub.delivery().deliver(alice, messages[i], receipts[i], nullptr);
    }
    world.hub.delivery().flush();
    for (std::size_t i = 0; i < 3; ++i) {
      expect_balanced(receipts[i]);
      EXPECT_EQ(receipts[i].written, k >= (i + 1) * 7 ? 1U : 0U);
      EXPECT_EQ(receipts[i].queued, k >= (i + 1) * 7 ? 0U : 1U);
    }
    EXPECT_EQ(world.counters.queue_messages.value(), 3 - k / 7);
    EXPECT_EQ(world.counters.queue_bytes.value(), (3 - k / 7) * 7);
    // A control frame that comes now stands between frames, never inside one.
    world.control(alice, kPing, "p");
    // Then one byte at a time.
    while (world.hub.members()[alice].queue != nullptr) {
      world.block(alice, 1);
      world.hub.delivery().on_writable(alice);
    }
    Strings expected{"first", "secon", "third"};
    const std::size_t started = (k + 6) / 7;  // Frames of which something was out.
    expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(started), "[p]");
    EXPECT_EQ(world.received(alice), expected);
    EXPECT_EQ(world.counters.queue_bytes.value(), 0U);
    EXPECT_EQ(world.counters.queue_messages.value(), 0U);
    EXPECT_EQ(world.counters.written.value(), 3U);
  }
}

TEST(Delivery, ABrokenWireDropsAndSaysSo) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  world.wire(alice).broken = true;
  EXPECT_EQ(world.push(alice, "x"), (push::Receipt{.matched = 1, .dropped = 1}));
  EXPECT_EQ(world.counters.drops[cross::DropCause::kEnded].value(), 1U);
  EXPECT_TRUE(world.control(alice, kPing, ""));
  world.leave(alice);
}

// The N-th operation finds its connection gone, for every N.
TEST(Delivery, BreaksAtTheNthOperation) {
  for (int n = 0;; ++n) {
    SCOPED_TRACE(n);
    HubWorld world;
    world.transport.break_at = n;
    const auto alice = world.join({.uid = "u"});
    const auto bob = world.join({.uid = "u", .encoding = cross::Encoding::kProtocol});
    push::Receipt receipt;
    const std::vector messages{world.message("one"), world.message("two"), world.message("three")};
    for (const auto& message : messages) {
      world.hub.push_to_uid("u", cross::hash_of("u"), message, receipt, nullptr);
      world.hub.delivery().flush();
      world.block(alice, 2);
      world.block(bob, 30);
      world.answer(alice, "answer");
      world.control(bob, kPong, "pong");
      world.hub.delivery().on_writable(alice);
    }
    world.unblock(alice);
    world.unblock(bob);
    expect_balanced(receipt);
    EXPECT_EQ(receipt.matched, 6U);
    for (const auto member : {alice, bob}) {
      const bool broken = world.wire(member).broken;
      EXPECT_TRUE(broken || parse_frames(world.wire(member).bytes).torn == 0);
      world.leave(member);
    }
    EXPECT_EQ(world.counters.queue_bytes.value(), 0U);
    EXPECT_EQ(world.counters.queue_messages.value(), 0U);
    std::uint64_t drops = world.counters.drops[cross::DropCause::kEnded].value();
    EXPECT_EQ(world.counters.written.value() + drops, 6U);
    if (world.transport.operations_seen <= n) break;
  }
}

TEST(Delivery, WhatIsGatheredGoesBeforeWhatComesLater) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  push::Receipt receipt;
  const auto first = world.message("first");
  const auto second = world.message("second");
  world.hub.delivery().deliver(alice, first, receipt, nullptr);
  world.block(alice, 3);
  world.answer(alice, "answer");  // Fills the socket in between: there is a queue now.
  world.hub.delivery().deliver(alice, second, receipt, nullptr);
  world.hub.delivery().flush();
  EXPECT_EQ(receipt, (push::Receipt{.matched = 2, .queued = 2}));
  world.unblock(alice);
  EXPECT_EQ(world.received(alice), (Strings{"answer", "first", "second"}));
}

TEST(Delivery, TargetedGoesAheadOfFanouts) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  world.block(alice);
  world.push(alice, world.message({.payload = "fan-out", .fanout = true}));
  world.push(alice, "targeted");
  world.control(alice, kPing, "ping");
  world.unblock(alice);
  EXPECT_EQ(world.received(alice), (Strings{"[ping]", "targeted", "fan-out"}));
}

TEST(Delivery, EachMemberGetsItsOwnForm) {
  HubWorld world;
  const auto plain = world.join();
  const auto gzip = world.join({.encoding = cross::Encoding::kGzip});
  const auto protocol = world.join({.encoding = cross::Encoding::kProtocol});
  const auto all = world.message({.payload = "to all", .fanout = true});
  for (const auto member : {plain, gzip, protocol}) world.push(member, all);
  EXPECT_EQ(world.received(plain), Strings{"to all"});
  EXPECT_EQ(world.received(gzip)[0].substr(0, 2), "\x1f\x8b");
  EXPECT_TRUE(world.received(protocol)[0].starts_with(R"({"push":)"));
  world.push(gzip, "targeted");  // Compressing for one receiver is not worth it.
  EXPECT_EQ(world.received(gzip)[1], "targeted");
}

TEST(Delivery, ALaterControlFrameReplacesAWaitingOneOfItsKind) {
  HubWorld world;
  const auto alice = world.join();
  world.block(alice);
  world.push(alice, "data");
  for (int i = 0; i < 1'000; ++i) {
    world.control(alice, kPong, "pong " + std::to_string(i));
    world.control(alice, kPing, "ping " + std::to_string(i));
  }
  EXPECT_EQ(world.counters.queue_messages.value(), 1U);
  world.unblock(alice);
  EXPECT_EQ(world.received(alice), (Strings{"[pong 999]", "[ping 999]", "data"}));
}

TEST(Delivery, ControlFramesAreCutLikeAllOthers) {
  for (std::size_t k = 0; k <= 6; ++k) {
    HubWorld world;
    const auto alice = world.join();
    world.block(alice, k);
    world.control(alice, kPing, "1234");
    EXPECT_EQ(world.counters.queue_bytes.value(), 0U);  // They are not data.
    EXPECT_EQ(world.counters.queue_messages.value(), 0U);
    world.push(alice, "data");
    world.unblock(alice);
    EXPECT_EQ(world.received(alice), (Strings{"[1234]", "data"}));
  }
}

// 5.5.1: what was accepted before the Close frame leaves before it; no data frame leaves after it.
TEST(Delivery, NoDataAfterTheCloseFrame) {
  for (std::size_t k = 0; k < 40; ++k) {
    SCOPED_TRACE(k);
    HubWorld world;
    const auto alice = world.join();
    world.block(alice, k);
    push::Receipt before;
    const auto first = world.message("before");
    world.hub.delivery().deliver(alice, first, before, nullptr);
    world.hub.delivery().flush();
    world.push(alice, "also before");
    EXPECT_TRUE(world.control(alice, kClose, "bye"));
    EXPECT_TRUE(world.control(alice, kClose, "bye"));
    EXPECT_TRUE(world.answer(alice, "after"));
    EXPECT_EQ(world.push(alice, "after"), (push::Receipt{.matched = 1, .dropped = 1}));
    EXPECT_EQ(world.counters.drops[cross::DropCause::kEnded].value(), 1U);
    world.unblock(alice);
    EXPECT_EQ(world.received(alice), (Strings{"before", "also before", "[bye]"}));
    EXPECT_EQ(world.push(alice, "after").dropped, 1U);
    EXPECT_TRUE(world.control(alice, kClose, "again"));
    EXPECT_EQ(world.received(alice).size(), 3U);
  }
}

TEST(Delivery, DiscardDropsWhatIsGatheredToo) {
  HubWorld world;
  const auto alice = world.join();
  push::Receipt receipt;
  const auto gathered = world.message("gathered");
  world.hub.delivery().deliver(alice, gathered, receipt, nullptr);
  world.hub.delivery().discard_waiting(alice, cross::DropCause::kEnded);
  EXPECT_EQ(receipt, (push::Receipt{.matched = 1, .dropped = 1}));
  world.control(alice, kClose, "");
  world.hub.delivery().flush();
  EXPECT_EQ(world.received(alice), Strings{"[]"});
}

TEST(Delivery, DiscardLeavesAStartedFrameAndControlFrames) {
  HubWorld world;
  const auto alice = world.join();
  world.block(alice, 3);
  world.push(alice, "started");
  world.push(alice, "dropped");
  world.control(alice, kPing, "ping");
  world.hub.delivery().discard_waiting(alice, cross::DropCause::kEnded);
  EXPECT_EQ(world.counters.drops[cross::DropCause::kEnded].value(), 1U);
  world.unblock(alice);
  EXPECT_EQ(world.received(alice), (Strings{"started", "[ping]"}));
}

TEST(Delivery, AMemberMayEndWhileMessagesAreGathered) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  const auto bob = world.join({.uid = "bob"});
  push::Receipt receipt;
  const auto message = world.message("x");
  world.hub.delivery().deliver(alice, message, receipt, nullptr);
  world.hub.delivery().deliver(bob, message, receipt, nullptr);
  world.leave(alice);
  EXPECT_EQ(receipt.dropped, 1U);
  const auto carol = world.join({.uid = "carol"});  // In the same slot, and the same turn.
  EXPECT_EQ(carol, alice);
  world.hub.delivery().deliver(carol, message, receipt, nullptr);
  world.hub.delivery().flush();
  EXPECT_EQ(receipt, (push::Receipt{.matched = 3, .written = 2, .dropped = 1}));
  EXPECT_EQ(world.received(carol), Strings{"x"});
}

TEST(Delivery, EndDropsWhatWaits) {
  HubWorld world;
  const auto alice = world.join({.uid = "alice"});
  world.block(alice, 3);
  world.push(alice, "1234567");
  world.push(alice, "another");
  world.control(alice, kPing, "");
  world.leave(alice);
  EXPECT_EQ(world.counters.drops[cross::DropCause::kEnded].value(), 2U);
  EXPECT_EQ(world.counters.queue_bytes.value(), 0U);
  EXPECT_EQ(world.counters.queue_messages.value(), 0U);
}

TEST(Delivery, UnsentBytesMoveToAnotherShard) {
  for (std::size_t k = 0; k < 30; ++k) {
    SCOPED_TRACE(k);
    HubWorld old_shard;
    const auto alice = old_shard.join();
    old_shard.block(alice, k);
    for (const auto* text : {"first", "second"}) old_shard.answer(alice, text);
    old_shard.push(alice, "pushed");
    old_shard.control(alice, kPing, "ping");
    const std::string unsent = old_shard.hub.delivery().take_unsent(alice);
    EXPECT_EQ(old_shard.hub.members()[alice].queue, nullptr);
    EXPECT_EQ(old_shard.counters.queue_bytes.value(), 0U);
    const std::string sent = old_shard.wire(alice).bytes;

    HubWorld new_shard;
    const auto moved = new_shard.join();
    new_shard.block(moved, 2);
    new_shard.hub.delivery().resume_unsent(moved, unsent);
    new_shard.push(moved, "later");
    new_shard.control(moved, kPong, "pong");
    new_shard.unblock(moved);
    const auto parsed = parse_frames(sent + new_shard.wire(moved).bytes);
    EXPECT_EQ(parsed.torn, 0U);
    EXPECT_EQ(parsed.frames.size(), 6U);
    EXPECT_EQ(new_shard.counters.queue_bytes.value(), 0U);
  }
}

TEST(Delivery, MayEndWithMessagesStillGathered) {
  HubWorld world;
  const auto alice = world.join();
  {
    push::Receipt receipt;
    const auto message = world.message("x");
    world.hub.delivery().deliver(alice, message, receipt, nullptr);
    world.block(alice, 1);
    world.answer(alice, "makes a queue");
  }  // Both are gone when the hub is destroyed.
}

// Whoever calls again when it is told to gets everything out, in order, and a budget of bytes at a
// time; without a backlog, or with a full socket, there is nothing to call again for.
TEST(Delivery, ALongBacklogLeavesInSlices) {
  HubWorld world;
  world.set_rules({{.limits = {.size_max = 1 << 20, .messages_max = 1'000}}});
  const auto alice = world.join();
  world.block(alice);
  Strings expected;
  for (int i = 0; i < 300; ++i) {
    expected.push_back(std::to_string(i) + std::string(90, 'x'));
    world.push(alice, expected.back());
  }
  world.block(alice, testing_support::Wire::kAnySize);
  std::size_t before = world.wire(alice).bytes.size();
  int slices = 1;
  while (world.hub.delivery().on_writable(alice, 8'000)) {
    const std::size_t now = world.wire(alice).bytes.size();
    EXPECT_GE(now - before, 8'000U);
    EXPECT_LT(now - before, 8'000U + 64 * 100);  // One gathered send more at most.
    before = now;
    ++slices;
  }
  EXPECT_GE(slices, 3);
  EXPECT_EQ(world.received(alice), expected);
  EXPECT_FALSE(world.hub.delivery().on_writable(alice, 8'000));
  world.block(alice);
  world.push(alice, "waits");
  EXPECT_FALSE(world.hub.delivery().on_writable(alice, 8'000));
}

}  // namespace
