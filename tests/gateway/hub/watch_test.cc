#include "gateway/hub/watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using hub::Watch;
using hub::Watches;
using push::Receipt;

constexpr cross::ConnectionId kAlice{1};
constexpr cross::ConnectionId kBob{2};
constexpr cross::MessageId kMessage{77};

TEST(Watches, AreDoneWhenTheLastFrameHasLeft) {
  Watches watches;
  Receipt receipt;
  int owner = 0;
  Watch* watch = watches.open(receipt, &owner, kMessage, false);
  EXPECT_TRUE(Watches::done(*watch));
  watch->waiting = 2;
  watches.settle(*watch);
  EXPECT_FALSE(watches.any_finished());
  watches.settle(*watch);
  EXPECT_TRUE(watches.any_finished());
  const auto finished = watches.take_finished();
  ASSERT_EQ(finished, std::vector{watch});
  EXPECT_EQ(finished[0]->owner, &owner);
  EXPECT_FALSE(watches.any_finished());
  watches.let_go(watch);
}

TEST(Watches, AcknowledgementsCountOnceAndOnlyFromReceivers) {
  Watches watches;
  Receipt receipt;
  Watch* watch = watches.open(receipt, nullptr, kMessage, true);
  watches.expect_ack(*watch, kAlice);
  watches.expect_ack(*watch, kBob);
  EXPECT_FALSE(watches.acknowledge({78}, kAlice));
  EXPECT_FALSE(watches.acknowledge(kMessage, {3}));
  EXPECT_TRUE(watches.acknowledge(kMessage, kAlice));
  EXPECT_FALSE(watches.acknowledge(kMessage, kAlice));
  EXPECT_FALSE(Watches::done(*watch));
  EXPECT_TRUE(watches.acknowledge(kMessage, kBob));
  EXPECT_EQ(receipt.acked, 2U);
  EXPECT_EQ(watches.take_finished(), std::vector{watch});
  watches.let_go(watch);
  EXPECT_FALSE(watches.acknowledge(kMessage, kAlice));
}

TEST(Watches, AReceiverThatIsGoneOrGetsNothingIsNotAwaited) {
  Watches watches;
  Receipt receipt;
  Watch* watch = watches.open(receipt, nullptr, kMessage, true);
  watches.expect_ack(*watch, kAlice);
  watches.expect_ack(*watch, kBob);
  watches.forget_receiver(kAlice);
  watches.forget_receiver(kAlice);
  EXPECT_FALSE(watches.any_finished());
  watches.give_up_ack(*watch, kBob);
  EXPECT_EQ(watches.take_finished(), std::vector{watch});
  EXPECT_EQ(receipt.acked, 0U);
  watches.let_go(watch);
}

TEST(Watches, AReceiverThatLeavesEndsWhatAwaitedOnlyIt) {
  Watches watches;
  std::vector<Receipt> receipts(3);
  std::vector<Watch*> open;
  for (std::uint64_t i = 0; i < receipts.size(); ++i) {
    open.push_back(watches.open(receipts[i], nullptr, {100 + i}, true));
    watches.expect_ack(*open.back(), kAlice);
  }
  watches.expect_ack(*open[1], kBob);
  watches.let_go(open[2]);  // Timed out: Alice is no longer its business.
  watches.forget_receiver(kAlice);
  EXPECT_EQ(watches.take_finished(), std::vector{open[0]});
  EXPECT_FALSE(watches.acknowledge({100}, kAlice));
  EXPECT_TRUE(watches.acknowledge({101}, kBob));
  EXPECT_EQ(watches.take_finished(), std::vector{open[1]});
  watches.let_go(open[0]);
  watches.let_go(open[1]);
}

TEST(Watches, AcknowledgementsOfManyReceiversInAnyOrder) {
  constexpr std::uint64_t kReceivers = 2'000;
  Watches watches;
  std::vector<Receipt> receipts(3);
  std::vector<Watch*> open;
  for (std::uint64_t i = 0; i < receipts.size(); ++i) {
    open.push_back(watches.open(receipts[i], nullptr, {100 + i}, true));
    for (std::uint64_t r = 0; r < kReceivers; ++r) {
      watches.expect_ack(*open.back(), {r});
      watches.expect_ack(*open.back(), {r});  // Named twice, awaited once.
    }
  }
  for (std::uint64_t r = 0; r < kReceivers; r += 2) EXPECT_TRUE(watches.acknowledge({101}, {r}));
  watches.let_go(open[0]);
  for (std::uint64_t r = 1; r < kReceivers; r += 2) watches.forget_receiver({r});
  EXPECT_EQ(watches.take_finished(), std::vector{open[1]});
  EXPECT_EQ(receipts[1].acked, kReceivers / 2);
  for (std::uint64_t r = kReceivers; r-- > 0;) {
    EXPECT_EQ(watches.acknowledge({102}, {r}), r % 2 == 0);
  }
  EXPECT_EQ(watches.take_finished(), std::vector{open[2]});
  watches.let_go(open[1]);
  watches.let_go(open[2]);
}

TEST(Watches, WithoutAcknowledgementsNoneAreAwaited) {
  Watches watches;
  Receipt receipt;
  Watch* watch = watches.open(receipt, nullptr, kMessage, false);
  watches.expect_ack(*watch, kAlice);
  EXPECT_TRUE(Watches::done(*watch));
  EXPECT_FALSE(watches.acknowledge(kMessage, kAlice));
  watches.let_go(watch);
}

// A push to several channels gives one message id to several watches on one shard.
TEST(Watches, SeveralForOneMessage) {
  std::vector<int> order{0, 1, 2};
  do {
    Watches watches;
    std::vector<Receipt> receipts(3);
    std::vector<Watch*> open;
    for (Receipt& receipt : receipts) {
      open.push_back(watches.open(receipt, nullptr, kMessage, true));
      watches.expect_ack(*open.back(), kAlice);
      watches.expect_ack(*open.back(), kBob);
    }
    EXPECT_TRUE(watches.acknowledge(kMessage, kAlice));
    for (const Receipt& receipt : receipts) EXPECT_EQ(receipt.acked, 1U);
    std::vector<int> left = order;
    for (const int which : order) {
      watches.let_go(open[static_cast<std::size_t>(which)]);
      std::erase(left, which);
      EXPECT_EQ(watches.acknowledge(kMessage, kBob), which == order[0]);
    }
    for (const int which : {order[1], order[2]}) {
      EXPECT_EQ(receipts[static_cast<std::size_t>(which)].acked, 2U);
    }
    EXPECT_EQ(receipts[static_cast<std::size_t>(order[0])].acked, 1U);
    EXPECT_FALSE(watches.acknowledge(kMessage, kAlice));
  } while (std::next_permutation(order.begin(), order.end()));
}

// Let go first, or settled first: freed once either way (the leak checker looks).
TEST(Watches, LiveUntilTheLastFrameHasLeft) {
  for (int settled_before = 0; settled_before <= 3; ++settled_before) {
    Watches watches;
    auto receipt = std::make_unique<Receipt>();
    Watch* watch = watches.open(*receipt, nullptr, kMessage, true);
    watches.expect_ack(*watch, kAlice);
    watch->waiting = 3;
    for (int i = 0; i < settled_before; ++i) watches.settle(*watch);
    watches.let_go(watch);
    receipt.reset();
    for (int i = settled_before; i < 3; ++i) watches.settle(*watch);
    EXPECT_FALSE(watches.any_finished());
  }
}

TEST(Watches, FinishedIsForgottenWhenItIsLetGo) {
  Watches watches;
  Receipt receipt;
  Watch* watch = watches.open(receipt, nullptr, kMessage, false);
  watch->waiting = 1;
  watches.settle(*watch);
  watches.let_go(watch);
  EXPECT_TRUE(watches.take_finished().empty());
}

TEST(Watches, OneThatGoesOnWaitingIsToldAgain) {
  Watches watches;
  Receipt receipt;
  Watch* watch = watches.open(receipt, nullptr, kMessage, false);
  for (int round = 0; round < 3;
       ++round) {  // A fan-out's slices, each of which is written at once.
    watch->waiting = 1;
    watches.settle(*watch);
    EXPECT_EQ(watches.take_finished().size(), 1U);
  }
  watches.let_go(watch);
}

}  // namespace
