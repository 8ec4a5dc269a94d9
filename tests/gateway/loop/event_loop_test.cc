#include "gateway/loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

namespace {

TEST(EventLoop, StopsAfterTheTurnThatSaysSo) {
  loop::EventLoop loop;
  int turns = 0;
  loop.run([&] {
    if (++turns == 3) loop.stop();
    return true;  // Work is left: it must not sleep.
  });
  EXPECT_EQ(turns, 3);
}

TEST(EventLoop, ATimerIsDueOnceAndCanBeSetAgainOrCancelled) {
  loop::EventLoop loop;
  int due = 0;
  loop::Timer cancelled(loop, [] { ADD_FAILURE() << "it was cancelled"; });
  cancelled.set(1);
  loop::Timer timer(loop, [&] { ++due; });
  timer.set(1);
  cancelled.cancel();
  loop.run([&] {
    if (due == 1) timer.set(0);
    if (due == 2) loop.stop();
    return false;
  });
  EXPECT_EQ(due, 2);
}

TEST(EventLoop, IsWokenByAnotherThread) {
  loop::EventLoop loop;
  std::atomic<int> asked{0};
  int woken = 0;
  loop::WakeUp wake(loop, [&] { ++woken; });
  std::thread other([&] {
    for (int i = 0; i < 1'000; ++i) {
      asked.fetch_add(1);
      wake.signal();
    }
  });
  // It sleeps for ever unless it is woken; and what was asked before a signal is seen after it.
  loop.run([&] {
    if (asked.load() == 1'000) loop.stop();
    return false;
  });
  other.join();
  EXPECT_GE(woken, 0);
}

TEST(EventLoop, ReadableCallsUntilItIsPaused) {
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  {
    loop::EventLoop loop;
    int calls = 0;
    loop::Readable readable(loop, pair[0], [&] {
      if (++calls == 3) readable.pause();
    });
    ASSERT_EQ(write(pair[1], "x", 1), 1);
    int turns = 0;
    loop.run([&] {
      if (++turns == 20) readable.resume();
      if (calls == 4) loop.stop();
      return turns < 30;
    });
    EXPECT_EQ(calls, 4);
    EXPECT_GE(turns, 20);
  }
  close(pair[0]);
  close(pair[1]);
}

TEST(EventLoop, DeliversASignal) {
  loop::EventLoop loop;
  int signals = 0;
  loop::Signal signal(loop, SIGUSR1, [&] {
    ++signals;
    loop.stop();
  });
  ASSERT_EQ(raise(SIGUSR1), 0);
  loop.run([] { return false; });
  EXPECT_EQ(signals, 1);
}

// Objects that end inside their loop leave nothing behind: for the address sanitizer.
TEST(EventLoop, HandlesMayEndDuringATurn) {
  loop::EventLoop loop;
  auto timer = std::make_unique<loop::Timer>(loop, [] { ADD_FAILURE(); });
  auto wake = std::make_unique<loop::WakeUp>(loop, [] { ADD_FAILURE(); });
  timer->set(0);
  wake->signal();
  int turns = 0;
  loop.run([&] {
    timer.reset();
    wake.reset();
    if (++turns == 5) loop.stop();
    return true;
  });
}

}  // namespace
