// One thread's libuv loop, and the four things a shard needs of it: a turn (work before the loop
// sleeps), a wake-up from other threads, a timer, and readiness of a listening descriptor.
// libuv demands that a handle's memory outlives its close callback; that is dealt with here, once.
//
// A loop with a Poller sleeps in the poller's epoll set, which holds libuv's own set as one more
// descriptor: connections cost one wait a turn, and libuv runs when something of its own is due.
//
// Owner: Shard.   Thread: the shard's, but for WakeUp::signal().
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace loop {

class Poller;

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();  // Runs the close callbacks of handles that were closed before.
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `turn` runs before each wait for events. It returns true when work is left, and then the loop
  // does not sleep.
  void run(const std::function<bool()>& turn);
  void stop() { stopped_ = true; }  // After the present turn.

  // Milliseconds of the monotonic clock, read once a turn.
  [[nodiscard]] std::uint64_t now_ms() const { return uv_now(&loop_); }
  [[nodiscard]] uv_loop_t& uv() { return loop_; }

  // The poller to sleep in, from now on; nullptr: none any more.
  void set_poller(Poller* poller) { poller_ = poller; }

 private:
  void wait(bool work_left);
  [[nodiscard]] int uv_timeout() const;

  uv_loop_t loop_;
  Poller* poller_ = nullptr;
  bool stopped_ = false;
};

// Makes a sleeping loop take a turn. signal() may be called from any thread; many signals before
// the loop wakes count as one.
class WakeUp {
 public:
  WakeUp(EventLoop& loop, std::function<void()> on_wake);
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;
  void signal() { uv_async_send(handle_); }

 private:
  std::function<void()> on_wake_;
  uv_async_t* handle_;
};

// A one-shot timer that can be set again.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> on_due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void set(std::uint64_t delay_ms);
  void cancel();

 private:
  std::function<void()> on_due_;
  uv_timer_t* handle_;
};

// Calls while a descriptor is readable (level-triggered): listeners and signal pipes.
class Readable {
 public:
  Readable(EventLoop& loop, int fd, std::function<void()> on_readable);
  ~Readable();
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;
  void pause();
  void resume();

 private:
  std::function<void()> on_readable_;
  uv_poll_t* handle_;
};

// A process signal, read from a descriptor as a turn of the loop: no code of ours runs in a signal
// handler. Blocks the signal for the calling thread and those it starts from then on, so it is to
// be made before them; else one of theirs could be taken in the old way. It stays blocked to the
// end of the process, so that one that comes while it is ending does not end it with another
// status.
class Signal {
 public:
  Signal(EventLoop& loop, int number, std::function<void()> on_signal);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  void read();

  std::function<void()> on_signal_;
  int fd_;
  std::unique_ptr<Readable> readable_;
};

}  // namespace loop
