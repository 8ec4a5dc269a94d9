#include "gateway/hub/channel_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/gateway/hub/hub_world.h"

namespace {

using hub::Channel;
using hub::MemberIndex;
using testing_support::HubWorld;
using testing_support::Strings;

std::set<MemberIndex> subscribers_of(const Channel& channel) {
  std::set<MemberIndex> members;
  std::uint32_t gaps = 0;
  for (const MemberIndex entry : channel.subscribers) {
    if (entry == hub::kNoMember) {
      ++gaps;
    } else {
      EXPECT_TRUE(members.insert(entry & ~hub::kNewcomerBit).second);
    }
  }
  EXPECT_EQ(channel.gaps, gaps);
  EXPECT_EQ(channel.count(), members.size());
  return members;
}

TEST(ChannelTable, SubscribesOnce) {
  HubWorld world;
  auto& channels = world.hub.channels();
  const auto alice = world.join();
  Channel& news = channels.open("news");
  EXPECT_TRUE(channels.subscribe(alice, news));
  EXPECT_FALSE(channels.subscribe(alice, news));
  EXPECT_EQ(channels.subscriptions(), 1U);
  EXPECT_EQ(channels.channels_of(alice), Strings{"news"});
  EXPECT_FALSE(channels.unsubscribe(alice, "other"));
  EXPECT_TRUE(channels.unsubscribe(alice, "news"));
  EXPECT_FALSE(channels.unsubscribe(alice, "news"));
  EXPECT_EQ(channels.subscriptions(), 0U);
  EXPECT_EQ(world.hub.members()[alice].subscriptions, nullptr);
  EXPECT_EQ(channels.take_abandoned(), Strings{"news"});
  channels.forget_if_empty("news");
  EXPECT_EQ(channels.find("news"), nullptr);
}

TEST(ChannelTable, IsNotForgottenWhileAnybodyNeedsIt) {
  HubWorld world;
  auto& channels = world.hub.channels();
  const auto alice = world.join();
  channels.subscribe(alice, channels.open("used"));
  channels.make_permanent("room");
  Channel& swept = channels.open("swept");
  channels.begin_sweep(swept);
  for (const auto* name : {"used", "room", "swept", "unknown"}) channels.forget_if_empty(name);
  EXPECT_EQ(channels.size(), 3U);
  // The end of a sweep names the channel again: nobody could forget it before.
  channels.end_sweep(swept);
  EXPECT_EQ(channels.take_abandoned(), Strings{"swept"});
  channels.forget_if_empty("swept");
  EXPECT_EQ(channels.size(), 2U);
}

TEST(ChannelTable, LeavingDuringASweepMovesNobody) {
  HubWorld world;
  auto& channels = world.hub.channels();
  Channel& news = channels.open("news");
  std::vector<MemberIndex> members;
  for (int i = 0; i < 20; ++i) {
    members.push_back(world.join());
    channels.subscribe(members.back(), news);
  }
  channels.begin_sweep(news);
  for (int i = 0; i < 20; i += 2) world.leave(members[static_cast<std::size_t>(i)]);
  for (std::size_t i = 1; i < 20; i += 2) EXPECT_EQ(news.subscribers[i], members[i]);
  EXPECT_EQ(news.gaps, 10U);
  channels.end_sweep(news);
  EXPECT_EQ(news.gaps, 0U);
  EXPECT_EQ(subscribers_of(news).size(), 10U);
}

TEST(ChannelTable, PendingUntilItIsConfirmed) {
  HubWorld world;
  auto& channels = world.hub.channels();
  const auto alice = world.join();
  Channel& news = channels.open("news");
  channels.subscribe(alice, news, /*pending=*/true);
  EXPECT_EQ(news.subscribers, std::vector{alice | hub::kNewcomerBit});
  auto newer = world.message("newer");
  newer.unshared().set_position("news", 1);
  auto live = world.message("live");
  EXPECT_EQ(channels.admit_to_newcomer(news, alice, *live), hub::ChannelTable::Admission::kHold);
  EXPECT_EQ(channels.admit_to_newcomer(news, alice, *newer), hub::ChannelTable::Admission::kOlder);
  EXPECT_FALSE(channels.confirm(alice, "unknown", 0));
  EXPECT_TRUE(channels.confirm(alice, "news", 0));
  EXPECT_FALSE(channels.confirm(alice, "news", 0));
  // A newcomer until a publication newer than its start has passed.
  EXPECT_EQ(news.subscribers, std::vector{alice | hub::kNewcomerBit});
  EXPECT_EQ(channels.admit_to_newcomer(news, alice, *newer),
            hub::ChannelTable::Admission::kDeliver);
  EXPECT_EQ(news.subscribers, std::vector{alice});
  channels.unsubscribe(alice, "news");
  EXPECT_FALSE(channels.confirm(alice, "news", 0));
}

TEST(ChannelTable, BehavesLikeAMapOfSets) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    HubWorld world;
    auto& channels = world.hub.channels();
    std::vector<MemberIndex> members;
    for (int i = 0; i < 40; ++i) members.push_back(world.join());
    std::map<std::string, std::set<MemberIndex>> model;
    std::map<std::string, int> sweeps;
    for (int step = 0; step < 3'000; ++step) {
      const std::string name = "c" + std::to_string(below(4));
      MemberIndex& member = members[below(members.size())];
      switch (below(8)) {
        case 0:
        case 1:
        case 2:
          EXPECT_EQ(channels.subscribe(member, channels.open(name), below(4) == 0),
                    model[name].insert(member).second);
          break;
        case 3:
        case 4:
          EXPECT_EQ(channels.unsubscribe(member, name), model[name].erase(member) == 1);
          break;
        case 5:
          channels.confirm(member, name, 0);
          break;
        case 6:
          if (sweeps[name] > 0) {
            --sweeps[name];
            channels.end_sweep(*channels.find(name));
          } else if (channels.find(name) != nullptr) {
            ++sweeps[name];
            channels.begin_sweep(*channels.find(name));
          }
          break;
        default:
          if (below(5) == 0) {
            world.leave(member);
            for (auto& [channel, set] : model) set.erase(member);
            member = world.join();
          }
          for (const auto& abandoned : channels.take_abandoned())
            channels.forget_if_empty(abandoned);
      }
      std::uint64_t total = 0;
      for (const auto& [channel, set] : model) {
        total += set.size();
        const Channel* found = channels.find(channel);
        ASSERT_TRUE(found != nullptr || set.empty());
        if (found == nullptr) continue;
        ASSERT_EQ(subscribers_of(*found), set);
        for (std::uint32_t i = 0; i < found->subscribers.size(); ++i) {
          const MemberIndex entry = found->subscribers[i];
          if (entry == hub::kNoMember) continue;
          const auto* mine = channels.subscription(entry & ~hub::kNewcomerBit, *found);
          ASSERT_EQ(mine->position, i);
          ASSERT_TRUE(!mine->pending || (entry & hub::kNewcomerBit) != 0);
        }
        // Gaps are never more than an eighth once no sweep holds them.
        ASSERT_TRUE(found->sweeps > 0 || found->gaps * 8 <= found->subscribers.size());
      }
      ASSERT_EQ(channels.subscriptions(), total);
    }
    for (const auto& [name, open] : sweeps) {
      for (int i = 0; i < open; ++i) channels.end_sweep(*channels.find(name));
    }
    for (const MemberIndex member : members) world.leave(member);
    for (const auto& abandoned : channels.take_abandoned()) channels.forget_if_empty(abandoned);
    EXPECT_EQ(channels.size(), 0U);
  }
}

}  // namespace
