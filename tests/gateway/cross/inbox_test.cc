#include "gateway/cross/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gateway/cross/job.h"

namespace {

struct NumberedJob : cross::Job {
  NumberedJob(std::uint32_t from, std::uint32_t number_of_it)
      : Job(Kind::kAsk), producer(from), number(number_of_it) {}
  std::uint32_t producer;
  std::uint32_t number;
};

cross::Job* new_job() { return new NumberedJob(0, 0); }
void free_job(cross::Job* job) { delete job; }

// What the loop's wake-up does for a shard: a flag that a sleeper waits for.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    condition_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool rung_ = false;
};

TEST(Inbox, WakesOnlyASleeper) {
  cross::Inbox inbox(4, 4);
  int wakes = 0;
  inbox.set_wake([&] { ++wakes; });
  EXPECT_TRUE(inbox.post(new_job()));
  EXPECT_EQ(wakes, 0);  // It is awake.
  EXPECT_FALSE(inbox.prepare_to_sleep());
  inbox.drain(free_job, free_job);
  EXPECT_TRUE(inbox.prepare_to_sleep());
  EXPECT_TRUE(inbox.post(new_job()));
  EXPECT_EQ(wakes, 1);
  inbox.post_reply(new_job());
  EXPECT_EQ(wakes, 1);  // Once is enough.
  inbox.woke_up();
  inbox.drain(free_job, free_job);
  EXPECT_TRUE(inbox.prepare_to_sleep());
  inbox.woke_up();
  inbox.post_reply(new_job());
  EXPECT_FALSE(inbox.prepare_to_sleep());
  inbox.drain(free_job, free_job);
  EXPECT_TRUE(inbox.prepare_to_sleep());
  inbox.post_reply(new_job());
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(inbox.depth(), 1U);
}

TEST(Inbox, FullRequestsAreRefusedAndRepliesStillPass) {
  cross::Inbox inbox(2, 2);
  inbox.set_wake([] {});
  EXPECT_TRUE(inbox.post(new_job()));
  EXPECT_TRUE(inbox.post(new_job()));
  const std::unique_ptr<cross::Job> refused(new_job());
  EXPECT_FALSE(inbox.post(refused.get()));  // Still the poster's.
  inbox.post_reply(new_job());
  EXPECT_EQ(inbox.depth(), 3U);
}

TEST(Inbox, FreesWhatNobodyTookAnyMore) {
  cross::Inbox inbox(2, 2);
  inbox.set_wake([] {});
  EXPECT_TRUE(inbox.post(new_job()));
  inbox.post_reply(new_job());  // For the leak checker.
}

TEST(Inbox, WhatIsPostedDuringADrainWaitsForTheNext) {
  cross::Inbox inbox(8, 8);
  inbox.set_wake([] {});
  EXPECT_TRUE(inbox.post(new_job()));
  int taken = 0;
  inbox.drain(free_job, [&](cross::Job* again) {
    ++taken;
    EXPECT_TRUE(inbox.post(again));
  });
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(inbox.depth(), 1U);
}

TEST(Inbox, WhatIsPostedDuringADrainOfRepliesWaitsToo) {
  cross::Inbox inbox(8, 8);
  inbox.set_wake([] {});
  inbox.post_reply(new_job());
  int requests = 0;
  const auto on_reply = [&](cross::Job* job) {
    free_job(job);
    EXPECT_TRUE(inbox.post(new_job()));  // It may stand behind a reply that is not looked at.
  };
  inbox.drain(on_reply, [&](cross::Job* job) {
    free_job(job);
    ++requests;
  });
  EXPECT_EQ(requests, 0);
  inbox.drain(free_job, free_job);
  EXPECT_EQ(inbox.depth(), 0U);
}

// A home's answer to a subscriber, and then what it publishes.
TEST(Inbox, AReplyIsSeenBeforeWhatIsPostedAfterIt) {
  constexpr std::uint32_t kJobs = 100'000;
  cross::Inbox inbox(64, 131'072);
  inbox.set_wake([] {});
  std::thread home([&] {
    for (std::uint32_t n = 1; n <= kJobs; ++n) {
      inbox.post_reply(new NumberedJob(0, n));
      auto job = std::make_unique<NumberedJob>(1, n);
      while (!inbox.post(job.get())) std::this_thread::yield();
      [[maybe_unused]] auto* posted = job.release();
    }
  });
  std::uint32_t confirmed = 0;
  std::uint32_t published = 0;
  while (published < kJobs) {
    inbox.drain(
        [&](cross::Job* job) {
          confirmed = static_cast<NumberedJob*>(job)->number;
          free_job(job);
        },
        [&](cross::Job* job) {
          published = static_cast<NumberedJob*>(job)->number;
          ASSERT_LE(published, confirmed);
          free_job(job);
        });
  }
  home.join();
}

// The consumer really sleeps whenever it is told that it may: a lost wake-up would hang the test.
TEST(Inbox, NoWakeUpIsLost) {
  constexpr std::uint32_t kProducers = 3;
  constexpr std::uint32_t kJobs = 8'000;
  cross::Inbox inbox(16, 32'768);
  Bell bell;
  inbox.set_wake([&] { bell.ring(); });
  std::vector<std::thread> producers;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&inbox, p] {
      for (std::uint32_t n = 0; n < kJobs; ++n) {
        auto job = std::make_unique<NumberedJob>(p, n);
        if (p == 0) {  // One of them sends replies, which are never refused.
          inbox.post_reply(job.release());
          continue;
        }
        while (!inbox.post(job.get())) std::this_thread::yield();
        [[maybe_unused]] auto* posted = job.release();
      }
    });
  }
  std::vector<std::uint32_t> next(kProducers, 0);
  const auto take = [&](cross::Job* taken) {
    const std::unique_ptr<NumberedJob> job(static_cast<NumberedJob*>(taken));
    EXPECT_EQ(job->number, next[job->producer]++);
  };
  while (next[0] + next[1] + next[2] < kProducers * kJobs) {
    inbox.woke_up();
    inbox.drain(take, take);
    if (next[0] + next[1] + next[2] == kProducers * kJobs) break;
    if (inbox.prepare_to_sleep()) bell.wait();
  }
  for (auto& producer : producers) producer.join();
  EXPECT_EQ(inbox.depth(), 0U);
}

// Each job is posted just when the consumer, having taken the one before, is about to sleep, and no
// later post would make up for a lost wake-up.
TEST(Inbox, NoWakeUpIsLostAtTheEdgeOfSleep) {
  constexpr std::uint32_t kJobs = 50'000;
  cross::Inbox inbox(2, 2);
  Bell bell;
  inbox.set_wake([&] { bell.ring(); });
  std::atomic<std::uint32_t> taken{0};
  std::thread producer([&] {
    for (std::uint32_t n = 0; n < kJobs; ++n) {
      std::unique_ptr<cross::Job> job(new_job());
      for (int spins = 0; taken.load(std::memory_order_acquire) < n; ++spins) {
        if (spins > 10'000) std::this_thread::yield();
      }
      // A little later each time, to meet every step of going to sleep.
      for (std::uint32_t pause = 0; pause < n % 128; ++pause) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
      ASSERT_TRUE(inbox.post(job.release()));
    }
  });
  while (taken.load(std::memory_order_relaxed) < kJobs) {
    inbox.woke_up();
    inbox.drain(free_job, [&](cross::Job* job) {
      free_job(job);
      taken.fetch_add(1, std::memory_order_release);
    });
    if (taken.load(std::memory_order_relaxed) < kJobs && inbox.prepare_to_sleep()) bell.wait();
  }
  producer.join();
}

}  // namespace
