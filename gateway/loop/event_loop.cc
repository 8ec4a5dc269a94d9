#include "gateway/loop/event_loop.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "gateway/loop/poller.h"
#include "proto/base/assert.h"

namespace loop {
namespace {

template <typename Handle>
void close_and_delete(Handle* handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
}

sigset_t set_of(int signal_number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  return set;
}

}  // namespace

EventLoop::EventLoop() { DUNLIN_ASSERT(uv_loop_init(&loop_) == 0); }

EventLoop::~EventLoop() {
  while (uv_loop_close(&loop_) == UV_EBUSY) uv_run(&loop_, UV_RUN_NOWAIT);
}

void EventLoop::run(const std::function<bool()>& turn) {
  while (!stopped_) {
    const bool work_left = turn();
    if (!stopped_) wait(work_left);
  }
}

void EventLoop::wait(bool work_left) {
  if (poller_ == nullptr) {
    uv_run(&loop_, work_left ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    return;
  }
  const bool uv_ready = poller_->wait(work_left ? 0 : uv_timeout());
  if (uv_ready || uv_timeout() == 0) uv_run(&loop_, UV_RUN_NOWAIT);
}

// Milliseconds until libuv has to run; -1: only when its epoll set says so. It is 0 when a timer is
// due, a closed handle waits for its end, or a new watch is not in libuv's epoll set yet.
int EventLoop::uv_timeout() const {
  return uv_loop_alive(&loop_) != 0 ? uv_backend_timeout(&loop_) : -1;
}

WakeUp::WakeUp(EventLoop& loop, std::function<void()> on_wake)
    : on_wake_(std::move(on_wake)), handle_(new uv_async_t) {
  handle_->data = this;
  DUNLIN_ASSERT(uv_async_init(&loop.uv(), handle_, [](uv_async_t* handle) {
                  static_cast<WakeUp*>(handle->data)->on_wake_();
                }) == 0);
}

WakeUp::~WakeUp() { close_and_delete(handle_); }

Timer::Timer(EventLoop& loop, std::function<void()> on_due)
    : on_due_(std::move(on_due)), handle_(new uv_timer_t) {
  DUNLIN_ASSERT(uv_timer_init(&loop.uv(), handle_) == 0);
  handle_->data = this;
}

Timer::~Timer() { close_and_delete(handle_); }

void Timer::set(std::uint64_t delay_ms) {
  const auto on_timer = [](uv_timer_t* handle) {
    static_cast<Timer*>(handle->data)->on_due_();
    // uv_run() calls back before it sleeps, too, when the delay is over by then. A turn has to
    // follow at once: without this it would sleep until the next event, which may never come.
    uv_stop(handle->loop);
  };
  uv_timer_start(handle_, on_timer, delay_ms, 0);
}

void Timer::cancel() { uv_timer_stop(handle_); }

Readable::Readable(EventLoop& loop, int fd, std::function<void()> on_readable)
    : on_readable_(std::move(on_readable)), handle_(new uv_poll_t) {
  DUNLIN_ASSERT(uv_poll_init(&loop.uv(), handle_, fd) == 0);
  handle_->data = this;
  resume();
}

Readable::~Readable() {
  uv_poll_stop(handle_);
  close_and_delete(handle_);
}

void Readable::pause() { uv_poll_stop(handle_); }

void Readable::resume() {
  uv_poll_start(handle_, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<Readable*>(handle->data)->on_readable_();
  });
}

Signal::Signal(EventLoop& loop, int number, std::function<void()> on_signal)
    : on_signal_(std::move(on_signal)) {
  const sigset_t set = set_of(number);
  DUNLIN_ASSERT(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  DUNLIN_ASSERT(fd_ >= 0);
  readable_ = std::make_unique<Readable>(loop, fd_, [this] { read(); });
}

Signal::~Signal() {
  readable_.reset();
  ::close(fd_);
}

void Signal::read() {
  signalfd_siginfo info{};
  while (::read(fd_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) on_signal_();
}

}  // namespace loop
