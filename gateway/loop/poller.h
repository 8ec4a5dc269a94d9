// A shard's own epoll set for connections, in which its event loop sleeps. A descriptor is armed
// once, edge-triggered in both directions, and stays so until it is removed or closed; it can leave
// this set and enter another shard's.
//
// Owner: Shard.   Thread: the shard's, but for wake().   Bound: one kernel entry for each
// descriptor added.
#pragma once

#include <cstdint>

namespace loop {

class EventLoop;

// What a descriptor stands for. A slot is used again; the generation tells a late event from one
// for the present owner.
struct PollKey {
  std::uint8_t kind = 0;         // The shard's choice: which table `slot` belongs to. Below 0xF0.
  std::uint32_t generation = 0;  // 24 bits.
  std::uint32_t slot = 0;

  [[nodiscard]] std::uint64_t packed() const {
    return (std::uint64_t{kind} << 56) | (std::uint64_t{generation & 0xFFFFFF} << 32) | slot;
  }
  static PollKey unpacked(std::uint64_t value) {
    return {static_cast<std::uint8_t>(value >> 56),
            static_cast<std::uint32_t>(value >> 32) & 0xFFFFFF, static_cast<std::uint32_t>(value)};
  }
};

struct Readiness {
  bool readable = false;
  bool writable = false;
  bool peer_closed = false;  // The peer will send no more (FIN), or the connection is broken.
};

class PollSink {
 public:
  virtual ~PollSink() = default;
  virtual void on_ready(PollKey key, Readiness readiness) = 0;
  virtual void on_woken() = 0;
};

class Poller {
 public:
  Poller(EventLoop& loop, PollSink& sink);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // False when the kernel refuses (out of memory or watches); errno says why.
  [[nodiscard]] bool add(int fd, PollKey key);
  // Before a descriptor moves to another shard. Closing a descriptor needs no remove().
  void remove(int fd);

  // Makes the loop take a turn, from any thread. Wakes before that turn count as one. (libuv's own
  // wake-up makes the woken thread spin while the waking one is still in its system call.)
  void wake() const;

  // For the event loop: sleeps until something is ready or the time is over (-1: never), brings the
  // loop's clock up to date, and tells the sink. True: libuv has events of its own.
  bool wait(int timeout_ms);

 private:
  EventLoop& loop_;
  PollSink& sink_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
};

}  // namespace loop
