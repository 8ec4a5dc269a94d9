// A shard's letter box. Requests may find it full, and then their sender keeps them: that is
// back-pressure. Replies have a ring of their own, as large as the number of requests the owner
// allows itself to have under way elsewhere: a shard can always answer, so two full boxes can
// never wait for each other.
//
// Owner: ShardSet.   Thread: post*() any; the rest the owner's.   Bound: the two rings' sizes.
#pragma once

#include <atomic>
#include <functional>

#include "gateway/cross/job.h"
#include "gateway/cross/ring.h"
#include "proto/base/assert.h"

namespace cross {

class Inbox {
 public:
  Inbox(std::size_t requests_max, std::size_t replies_max)
      : requests_(requests_max), replies_(replies_max) {}
  // What was posted after the owner had taken its last turn.
  ~Inbox() {
    drain([](Job* job) { delete job; }, [](Job* job) { delete job; });
  }
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // `wake` makes the owner's loop take a turn; callable from any thread. Set before any post.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

  // Hands over ownership, unless false is returned: the ring is full.
  [[nodiscard]] bool post(Job* job) {
    if (!requests_.push(job)) return false;
    wake_if_asleep();
    return true;
  }
  // Never full, because the owner counts what it has under way.
  void post_reply(Job* job) {
    DUNLIN_ASSERT(replies_.push(job));
    wake_if_asleep();
  }

  // Owner: takes what is there now, replies first. What is posted meanwhile waits for the next
  // call. Whatever a shard posts after a reply, the reply is seen before it.
  template <typename OnReply, typename OnRequest>
  void drain(OnReply&& on_reply, OnRequest&& on_request) {
    const std::size_t requests = requests_.depth();  // Looked at before the replies.
    replies_.drain(replies_.depth(), on_reply);
    requests_.drain(requests, on_request);
  }

  // Owner, before its loop sleeps. False: something has come in; do not sleep.
  [[nodiscard]] bool prepare_to_sleep() {
    // Both sides exchange the same flag: either the poster sees `true` and wakes us, or we see
    // what it posted.
    asleep_.exchange(true, std::memory_order_acq_rel);
    if (requests_.empty() && replies_.empty()) return true;
    woke_up();
    return false;
  }
  // Exchanged, too: a plain store would cut the chain by which the exchange above sees what a
  // poster did before its own.
  void woke_up() {
    if (asleep_.load(std::memory_order_relaxed)) asleep_.exchange(false, std::memory_order_acq_rel);
  }

  [[nodiscard]] std::size_t depth() const { return requests_.depth() + replies_.depth(); }

 private:
  void wake_if_asleep() {
    if (asleep_.exchange(false, std::memory_order_acq_rel)) wake_();
  }

  Ring<Job*> requests_;
  Ring<Job*> replies_;
  std::function<void()> wake_;
  alignas(kCacheLine) std::atomic<bool> asleep_{false};  // Written by the owner and by posters.
};

}  // namespace cross
