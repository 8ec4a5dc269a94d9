#include "gateway/hub/channel_home.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>

namespace {

using hub::ChannelHomes;
using hub::HistoryLimits;
using hub::HomeChannel;
using hub::Position;

constexpr std::uint64_t kOverhead = ChannelHomes::kKeptOverhead;
constexpr HistoryLimits kGenerous{.channels_max = 100,
                                  .messages_max = 100,
                                  .size_max = 100'000,
                                  .total_size_max = 1'000'000,
                                  .ttl_ms = 1'000};

cross::MessageRef message(std::string_view payload) {
  return cross::Message::make({.id = {1}, .payload = payload});
}

void store(ChannelHomes& homes, HomeChannel& channel, std::string_view payload,
           std::uint64_t now_ms = 0) {
  auto made = message(payload);
  homes.store(channel, made, now_ms);
}

// "first-last" of what is kept, or "none".
std::string kept(const HomeChannel& channel) {
  const auto all = ChannelHomes::since(channel, 0, 1'000'000);
  if (all.empty()) return "none";
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i]->offset(), all[0]->offset() + i) << "offsets are dense";
  }
  return std::to_string(all.front()->offset()) + "-" + std::to_string(all.back()->offset());
}

class ChannelHomesTest : public testing::Test {
 protected:
  HomeChannel& start(const HistoryLimits& limits, std::string_view name = "news") {
    homes_.set_limits(limits);
    HomeChannel* channel = homes_.open(name);
    homes_.add_interest(*channel, 0);
    return *channel;
  }
  ChannelHomes homes_;
};

TEST_F(ChannelHomesTest, GivesDenseOffsetsFromOne) {
  HomeChannel& news = start(kGenerous);
  auto first = message("a");
  homes_.store(news, first, 0);
  EXPECT_EQ(first->offset(), 1U);
  EXPECT_EQ(first->channel(), "news");
  store(homes_, news, "b");
  EXPECT_EQ(news.offset, 2U);
  EXPECT_EQ(kept(news), "1-2");
  EXPECT_EQ(homes_.history_size(), 2 + 2 * kOverhead);
}

TEST_F(ChannelHomesTest, KeepsNoMoreThanItsLimits) {
  struct Row {
    const char* rule;
    HistoryLimits limits;
    std::string expected;  // After ten messages of ten bytes.
  };
  const Row kRows[] = {
      {"generous", kGenerous, "1-10"},
      {"count", {100, 3, 1'000, 100'000, 1'000}, "8-10"},
      {"one", {100, 1, 1'000, 100'000, 1'000}, "10-10"},
      {"bytes", {100, 100, 35, 100'000, 1'000}, "8-10"},
      {"exactly so many bytes", {100, 100, 40, 100'000, 1'000}, "7-10"},
      {"no message fits", {100, 100, 9, 100'000, 1'000}, "none"},
      {"total", {100, 100, 1'000, 2 * (10 + kOverhead), 1'000}, "9-10"},
      {"total too small", {100, 100, 1'000, 9 + kOverhead, 1'000}, "none"},
      {"no count", {100, 0, 1'000, 100'000, 1'000}, "none"},
      {"no time", {100, 100, 1'000, 100'000, 0}, "none"},
  };
  for (const Row& row : kRows) {
    ChannelHomes homes;
    homes.set_limits(row.limits);
    HomeChannel* channel = homes.open("c");
    homes.add_interest(*channel, 0);
    for (int i = 0; i < 10; ++i) store(homes, *channel, "0123456789");
    EXPECT_EQ(kept(*channel), row.expected) << row.rule;
    EXPECT_EQ(channel->offset, 10U) << row.rule;
  }
}

TEST_F(ChannelHomesTest, WhatIsTooLargeToKeepBreaksTheChain) {
  HomeChannel& news = start({100, 100, 50, 100'000, 1'000});
  store(homes_, news, "small");
  store(homes_, news, std::string(51, 'L'));
  EXPECT_EQ(kept(news), "none");
  store(homes_, news, "small");
  EXPECT_EQ(kept(news), "3-3");
  EXPECT_FALSE(ChannelHomes::recover(news, Position{news.epoch, 1}).recovered);
  EXPECT_TRUE(ChannelHomes::recover(news, Position{news.epoch, 2}).recovered);
}

TEST_F(ChannelHomesTest, TheOldestOfAllChannelsGivesWayToTheTotal) {
  HomeChannel& a = start({100, 100, 1'000, 4 * (10 + kOverhead), 1'000}, "a");
  HomeChannel& b = *homes_.open("b");
  homes_.add_interest(b, 1);
  store(homes_, a, "0123456789");
  store(homes_, b, "0123456789");
  for (int i = 0; i < 3; ++i) store(homes_, a, "0123456789");
  EXPECT_EQ(kept(a), "2-4");
  EXPECT_EQ(kept(b), "1-1");
  store(homes_, a, "0123456789");
  EXPECT_EQ(kept(a), "2-5");
  EXPECT_EQ(kept(b), "none");  // Its only one was the oldest of all.
}

TEST_F(ChannelHomesTest, Recovery) {
  HomeChannel& news = start({100, 3, 1'000, 100'000, 1'000});
  for (int i = 0; i < 5; ++i) store(homes_, news, "m");  // 3, 4 and 5 are kept.
  struct Row {
    const char* rule;
    std::optional<Position> from;
    bool recovered;
    std::size_t missed;
  };
  const std::string epoch = news.epoch;
  const Row kRows[] = {
      {"a newcomer", std::nullopt, false, 0},
      {"another epoch", Position{"other", 4}, false, 0},
      {"an empty epoch", Position{"", 0}, false, 0},
      {"trimmed", Position{epoch, 0}, false, 0},
      {"the edge, one too early", Position{epoch, 1}, false, 0},
      {"the edge: all that was missed is here", Position{epoch, 2}, true, 3},
      {"the middle", Position{epoch, 4}, true, 1},
      {"nothing was missed", Position{epoch, 5}, true, 0},
      {"ahead of us", Position{epoch, 6}, false, 0},
      {"far ahead", Position{epoch, ~std::uint64_t{0}}, false, 0},
  };
  for (const Row& row : kRows) {
    const auto recovery = ChannelHomes::recover(news, row.from);
    EXPECT_EQ(recovery.recovered, row.recovered) << row.rule;
    EXPECT_EQ(recovery.missed.size(), row.missed) << row.rule;
    EXPECT_EQ(recovery.position.epoch, epoch);
    EXPECT_EQ(recovery.position.offset, 5U);
    for (std::size_t i = 0; i < recovery.missed.size(); ++i) {
      EXPECT_EQ(recovery.missed[i]->offset(), row.from->offset + 1 + i) << row.rule;
    }
  }
}

TEST_F(ChannelHomesTest, RecoveryOfAChannelWithoutHistory) {
  HomeChannel& news = start(kGenerous);
  EXPECT_TRUE(ChannelHomes::recover(news, Position{news.epoch, 0}).recovered);
  store(homes_, news, "m", 0);
  homes_.expire(1'000);
  EXPECT_EQ(kept(news), "none");
  EXPECT_TRUE(ChannelHomes::recover(news, Position{news.epoch, 1}).recovered);
  EXPECT_FALSE(ChannelHomes::recover(news, Position{news.epoch, 0}).recovered);
}

TEST_F(ChannelHomesTest, SinceIsLimited) {
  HomeChannel& news = start(kGenerous);
  for (int i = 0; i < 10; ++i) store(homes_, news, "m");
  EXPECT_EQ(ChannelHomes::since(news, 4, 3).size(), 3U);
  EXPECT_EQ(ChannelHomes::since(news, 4, 3).front()->offset(), 5U);
  EXPECT_EQ(ChannelHomes::since(news, 0, 0).size(), 0U);
  EXPECT_EQ(ChannelHomes::since(news, 10, 5).size(), 0U);
  EXPECT_EQ(ChannelHomes::since(news, ~std::uint64_t{0}, 5).size(), 0U);
}

TEST_F(ChannelHomesTest, ExpiresInOrderOfAge) {
  HomeChannel& a = start(kGenerous, "a");
  HomeChannel& b = *homes_.open("b");
  homes_.add_interest(b, 0);
  store(homes_, a, "1", 0);
  store(homes_, b, "2", 10);
  store(homes_, a, "3", 20);
  homes_.expire(999);
  EXPECT_EQ(kept(a), "1-2");
  homes_.expire(1'010);
  EXPECT_EQ(kept(a), "2-2");
  EXPECT_EQ(kept(b), "none");
  homes_.expire(5'000);
  EXPECT_EQ(kept(a), "none");
  EXPECT_EQ(homes_.history_size(), 0U);
}

TEST_F(ChannelHomesTest, IsForgottenWhenNobodyCaresAndNothingIsKept) {
  HomeChannel& news = start(kGenerous);
  const std::string epoch = news.epoch;
  homes_.add_interest(news, 3);
  store(homes_, news, "m", 0);
  homes_.end_interest("news", 0);
  homes_.end_interest("news", 3);
  homes_.end_interest("unknown", 3);
  ASSERT_NE(homes_.find("news"), nullptr);  // Its history may still be recovered from.
  homes_.expire(1'000);
  EXPECT_EQ(homes_.find("news"), nullptr);
  // It comes back as another one: an old position never seems to fit.
  EXPECT_NE(start(kGenerous).epoch, epoch);
}

TEST_F(ChannelHomesTest, ACaredForChannelStays) {
  HomeChannel& news = start(kGenerous);
  store(homes_, news, "m", 0);
  homes_.expire(1'000);
  EXPECT_EQ(homes_.find("news"), &news);
  EXPECT_EQ(news.offset, 1U);
  homes_.end_interest("news", 0);
  EXPECT_EQ(homes_.find("news"), nullptr);
}

TEST_F(ChannelHomesTest, ThereIsABoundOnChannels) {
  homes_.set_limits({2, 0, 0, 0, 0});
  EXPECT_NE(homes_.open("a"), nullptr);
  HomeChannel* b = homes_.open("b");
  EXPECT_EQ(homes_.open("c"), nullptr);
  EXPECT_EQ(homes_.open("b"), b);
  // Without history nothing is left of a publication that nobody wanted.
  store(homes_, *b, "m");
  EXPECT_EQ(homes_.find("b"), nullptr);
  EXPECT_NE(homes_.open("c"), nullptr);
}

TEST_F(ChannelHomesTest, ABusyChannelKeepsNoMoreThanItsHistory) {
  HomeChannel& busy = start({100, 2, 1'000, 100'000, 3'600'000});
  HomeChannel& quiet = *homes_.open("quiet");
  store(homes_, quiet, "m");
  for (int i = 0; i < 100'000; ++i) store(homes_, busy, "m");
  EXPECT_EQ(kept(busy), "99999-100000");
  EXPECT_EQ(kept(quiet), "1-1");
  EXPECT_LT(busy.kept, 3'000U);  // Places in the list by age, too.
}

// Against a model that looks at everything: the limits applied one after another.
struct ModelEntry {
  std::string channel;
  std::uint64_t offset;
  std::uint64_t size;
  std::uint64_t expires_ms;
};

struct Model {
  std::map<std::string, std::uint64_t> offset;
  std::map<std::string, std::string> epoch;
  std::deque<ModelEntry> entries;  // By age.

  std::size_t count(const std::string& name, std::uint64_t* size) const {
    std::size_t n = 0;
    *size = 0;
    for (const auto& entry : entries) {
      if (entry.channel != name) continue;
      ++n;
      *size += entry.size;
    }
    return n;
  }
  void drop_oldest_of(const std::string& name) {
    for (auto i = entries.begin(); i != entries.end(); ++i) {
      if (i->channel != name) continue;
      entries.erase(i);
      return;
    }
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto& entry : entries) sum += entry.size + kOverhead;
    return sum;
  }
  void store(const HistoryLimits& limits, const std::string& name, std::uint64_t size,
             std::uint64_t now_ms) {
    ++offset[name];
    if (size > limits.size_max || size + kOverhead > limits.total_size_max) {
      std::erase_if(entries, [&](const auto& entry) { return entry.channel == name; });
      return;
    }
    entries.push_back({name, offset[name], size, now_ms + limits.ttl_ms});
    for (std::uint64_t bytes = 0;
         count(name, &bytes) > limits.messages_max || bytes > limits.size_max;) {
      drop_oldest_of(name);
    }
    while (total() > limits.total_size_max) entries.pop_front();
  }
  std::string kept(const std::string& name) const {
    std::string first;
    std::string last;
    for (const auto& entry : entries) {
      if (entry.channel != name) continue;
      if (first.empty()) first = std::to_string(entry.offset);
      last = std::to_string(entry.offset);
    }
    return first.empty() ? "none" : first + "-" + last;
  }
};

TEST_F(ChannelHomesTest, BehavesLikeTheModel) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) {
      return static_cast<std::uint32_t>(random() % limit);
    };
    ChannelHomes homes;
    const HistoryLimits limits{100, 1 + below(8), 10 + below(200), kOverhead * (2 + below(10)),
                               1 + below(100)};
    homes.set_limits(limits);
    Model model;
    std::map<std::string, hub::ShardMask> interest;
    std::uint64_t now_ms = 1'000;
    for (int step = 0; step < 1'500; ++step) {
      now_ms += below(3);
      const std::string name(1, static_cast<char>('a' + below(4)));
      const auto shard = static_cast<cross::ShardIndex>(below(3));
      switch (below(6)) {
        case 0:
        case 1:
        case 2: {
          HomeChannel* channel = homes.open(name);
          if (model.epoch[name] != channel->epoch) {  // It was forgotten, and has come back.
            ASSERT_TRUE(interest[name].none());
            ASSERT_EQ(model.kept(name), "none");
            model.epoch[name] = channel->epoch;
            model.offset[name] = 0;
          }
          const std::uint64_t size = below(10) == 0 ? below(300) : below(40);
          store(homes, *channel, std::string(size, 'x'), now_ms);
          model.store(limits, name, size, now_ms);
          break;
        }
        case 3: {
          HomeChannel* channel = homes.open(name);
          if (model.epoch[name] != channel->epoch) {
            ASSERT_TRUE(interest[name].none());
            model.epoch[name] = channel->epoch;
            model.offset[name] = 0;
          }
          homes.add_interest(*channel, shard);
          interest[name].set(shard);
          break;
        }
        case 4:
          homes.end_interest(name, shard);
          interest[name].reset(shard);
          break;
        default:
          homes.expire(now_ms);
          while (!model.entries.empty() && model.entries.front().expires_ms <= now_ms) {
            model.entries.pop_front();
          }
      }
      ASSERT_EQ(homes.history_size(), model.total());
      for (const auto& [channel_name, epoch] : model.epoch) {
        const HomeChannel* channel = homes.find(channel_name);
        const bool needed = interest[channel_name].any() || model.kept(channel_name) != "none";
        ASSERT_TRUE(channel != nullptr || !needed);
        if (channel == nullptr || channel->epoch != epoch) continue;
        ASSERT_EQ(kept(*channel), model.kept(channel_name));
        ASSERT_EQ(channel->offset, model.offset[channel_name]);
        ASSERT_EQ(channel->interested, interest[channel_name]);
      }
    }
    for (auto& [name, mask] : interest) {
      for (cross::ShardIndex shard = 0; shard < 3; ++shard) homes.end_interest(name, shard);
    }
    homes.expire(now_ms + limits.ttl_ms);
    EXPECT_EQ(homes.size(), 0U);
    EXPECT_EQ(homes.history_size(), 0U);
  }
}

TEST_F(ChannelHomesTest, TrimGivesUpTheOldestOfAllChannels) {
  HomeChannel& news = start(kGenerous, "news");
  HomeChannel& sport = start(kGenerous, "sport");
  for (int i = 0; i < 4; ++i) {
    store(homes_, news, std::string(100, 'n'));
    store(homes_, sport, std::string(100, 's'));
  }
  homes_.trim(0);
  EXPECT_EQ(kept(news), "1-4");
  homes_.trim(3 * (100 + kOverhead));
  EXPECT_EQ(kept(news), "3-4");
  EXPECT_EQ(kept(sport), "2-4");
  EXPECT_EQ(homes_.history_size(), 5 * (100 + kOverhead));
  homes_.trim(~std::uint64_t{0});
  EXPECT_EQ(kept(news), "none");
  EXPECT_EQ(homes_.history_size(), 0U);
  store(homes_, news, "goes on");
  EXPECT_EQ(kept(news), "5-5");
}

// A channel's own limit has dropped what the list of all channels still names.
TEST_F(ChannelHomesTest, TrimPassesOverWhatIsGoneAlready) {
  HistoryLimits limits = kGenerous;
  limits.messages_max = 2;
  HomeChannel& news = start(limits);
  for (int i = 0; i < 10; ++i) store(homes_, news, "x");
  homes_.trim(1 + kOverhead);
  EXPECT_EQ(kept(news), "10-10");
}

}  // namespace
