#include "gateway/loop/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>
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
  void on_woken() override { ++woken; }
  std::vector<Event> events;
  int woken = 0;
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

TEST_F(PollerTest, IsWokenOnceForManyWakes) {
  events();
  EXPECT_EQ(recorder_.woken, 0);
  for (int i = 0; i < 5; ++i) poller_.wake();
  events();
  EXPECT_EQ(recorder_.woken, 1);
  poller_.wake();
  events();
  EXPECT_EQ(recorder_.woken, 2);
}

// Nothing but the wake-ups can end its sleep; and what was asked before one is seen after it.
TEST_F(PollerTest, ASleepingLoopIsWokenByAnotherThread) {
  std::atomic<int> asked{0};
  std::thread other([&] {
    for (int i = 0; i < 1'000; ++i) {
      asked.fetch_add(1);
      poller_.wake();
    }
  });
  int turns = 0;
  loop_.run([&] {
    ++turns;
    if (asked.load() == 1'000) loop_.stop();
    return false;
  });
  other.join();
  EXPECT_LE(turns, 1'002);  // One for each wake-up at most: in between it slept.
}

TEST_F(PollerTest, ALoopWithNothingToDoSleeps) {
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    poller_.wake();
  });
  int turns = 0;
  loop_.run([&] {
    ++turns;
    if (recorder_.woken > 0) loop_.stop();
    return false;
  });
  other.join();
  EXPECT_LE(turns, 3);
}

TEST_F(PollerTest, TheLoopsOwnTimersAndDescriptorsAreServed) {
  int due = 0;
  loop::Timer timer(loop_, [&] { ++due; });
  timer.set(2);
  int readable_calls = 0;
  loop::Readable readable(loop_, pair_[0], [&] {
    if (++readable_calls == 3) readable.pause();
  });
  ASSERT_EQ(write(pair_[1], "x", 1), 1);
  loop_.run([&] {
    if (due == 1 && readable_calls == 3) {
      ++due;
      timer.set(2);
      readable.resume();  // During a turn: libuv has to be told before the sleep.
    }
    if (due == 3 && readable_calls >= 4) loop_.stop();
    return false;
  });
  EXPECT_EQ(due, 3);
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
