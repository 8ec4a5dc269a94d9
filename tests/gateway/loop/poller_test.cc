#include "gateway/loop/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <vector>

#include "gateway/loop/event_loop.h"

namespace {

struct Event {
  loop::PollKey key;
  loop::Readiness readiness;
};

class Recorder final : public loop::PollSink {
 public:
  void on_ready(loop::PollKey key, loop::Readiness readiness) override {
    events.push_back({key, readiness});
  }
  std::vector<Event> events;
};

class PollerTest : public testing::Test {
 protected:
  PollerTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_.data()), 0); }
  ~PollerTest() override {
    for (const int fd : pair_) {
      if (fd >= 0) close(fd);
    }
  }
  // Everything that is ready now.
  std::vector<Event> events() {
    recorder_.events.clear();
    for (int i = 0; i < 3; ++i) poller_.wait(0);
    return recorder_.events;
  }

  std::array<int, 2> pair_{-1, -1};
  loop::EventLoop loop_;
  Recorder recorder_;
  loop::Poller poller_{loop_, recorder_};
};

TEST(PollKey, IsPackedAndUnpacked) {
  const loop::PollKey key{.kind = 0xAB, .generation = 0xFFFFFF, .slot = 0x89ABCDEF};
  const loop::PollKey same = loop::PollKey::unpacked(key.packed());
  EXPECT_EQ(same.kind, key.kind);
  EXPECT_EQ(same.generation, key.generation);
  EXPECT_EQ(same.slot, key.slot);
  // A generation that has outgrown its 24 bits does not spill into the kind.
  EXPECT_EQ(loop::PollKey::unpacked(loop::PollKey{1, 0x1000005, 2}.packed()).kind, 1);
  EXPECT_EQ(loop::PollKey::unpacked(loop::PollKey{1, 0x1000005, 2}.packed()).generation, 5U);
}

TEST_F(PollerTest, TellsReadinessOncePerEdge) {
  ASSERT_TRUE(poller_.add(pair_[0], {.kind = 1, .generation = 2, .slot = 3}));
  auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].readiness.writable);
  EXPECT_FALSE(seen[0].readiness.readable);
  EXPECT_EQ(seen[0].key.slot, 3U);
  EXPECT_EQ(events().size(), 0U);

  ASSERT_EQ(write(pair_[1], "x", 1), 1);
  seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].readiness.readable);
  EXPECT_EQ(events().size(), 0U);  // Still unread, but told.
}

TEST_F(PollerTest, TellsWhenAFullSocketTakesBytesAgain) {
  ASSERT_TRUE(poller_.add(pair_[0], {}));
  events();
  const std::vector<char> block(1 << 16, 'b');
  while (write(pair_[0], block.data(), block.size()) > 0) {
  }
  EXPECT_EQ(events().size(), 0U);
  std::vector<char> sink(1 << 22);
  while (read(pair_[1], sink.data(), sink.size()) > 0) {
  }
  const auto seen = events();
  ASSERT_GE(seen.size(), 1U);
  EXPECT_TRUE(seen[0].readiness.writable);
}

TEST_F(PollerTest, TellsThatThePeerHasClosed) {
  ASSERT_TRUE(poller_.add(pair_[0], {}));
  events();
  ASSERT_EQ(shutdown(pair_[1], SHUT_WR), 0);
  auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].readiness.peer_closed);
  EXPECT_TRUE(seen[0].readiness.readable);
  close(std::exchange(pair_[1], -1));
  seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].readiness.peer_closed && seen[0].readiness.writable);
}

TEST_F(PollerTest, ADescriptorMovesToAnotherSet) {
  Recorder elsewhere;
  loop::EventLoop other_loop;
  loop::Poller other(other_loop, elsewhere);
  ASSERT_TRUE(poller_.add(pair_[0], {}));
  events();
  ASSERT_EQ(write(pair_[1], "x", 1), 1);
  poller_.remove(pair_[0]);
  ASSERT_TRUE(other.add(pair_[0], {.slot = 9}));
  EXPECT_EQ(events().size(), 0U);
  other.wait(0);
  ASSERT_EQ(elsewhere.events.size(), 1U);  // What is readable already is told there.
  EXPECT_TRUE(elsewhere.events[0].readiness.readable);
  EXPECT_EQ(elsewhere.events[0].key.slot, 9U);
}

TEST_F(PollerTest, ALateEventCarriesItsOldGeneration) {
  ASSERT_TRUE(poller_.add(pair_[0], {.generation = 1, .slot = 5}));
  ASSERT_TRUE(poller_.add(pair_[1], {.generation = 2, .slot = 5}));
  const auto seen = events();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].key.slot, seen[1].key.slot);
  EXPECT_NE(seen[0].key.generation, seen[1].key.generation);
}

TEST_F(PollerTest, RefusesWhatCannotBeWatched) {
  EXPECT_FALSE(poller_.add(-1, {}));
  EXPECT_EQ(errno, EBADF);
}

TEST_F(PollerTest, MoreDescriptorsThanOneTurnTakes) {
  constexpr std::size_t kPairs = 300;
  std::vector<std::array<int, 2>> pairs(kPairs);
  for (auto& pair : pairs) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0) {
      GTEST_SKIP() << "too few descriptors";
    }
    for (const int fd : pair)
      ASSERT_TRUE(poller_.add(fd, {.slot = static_cast<std::uint32_t>(fd)}));
  }
  recorder_.events.clear();
  for (int i = 0; i < 5; ++i) poller_.wait(0);
  EXPECT_EQ(recorder_.events.size(), 2 * kPairs);
  for (const auto& pair : pairs) {
    for (const int fd : pair) close(fd);
  }
}

}  // namespace
