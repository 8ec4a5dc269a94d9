#include "bench/load/net/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "bench/load/clock.h"
#include "proto/base/assert.h"

namespace load {

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  DUNLIN_ASSERT(epoll_ >= 0 && wake_ >= 0);
  epoll_event event{.events = EPOLLIN,
                    .data = {.ptr = nullptr}};  // No handler: only ends the wait.
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

EventLoop::~EventLoop() {
  if (urgent_ >= 0) close(urgent_);
  close(wake_);
  close(epoll_);
}

void EventLoop::add(int fd, Handler& handler, Lane lane) {
  if (lane == Lane::kUrgent && urgent_ < 0) {
    urgent_ = epoll_create1(EPOLL_CLOEXEC);
    DUNLIN_ASSERT(urgent_ >= 0);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, urgent_, &event);
  }
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &handler}};
  epoll_ctl(lane == Lane::kUrgent ? urgent_ : epoll_, EPOLL_CTL_ADD, fd, &event);
}

// It is in one of them.
void EventLoop::remove(int fd) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  if (urgent_ >= 0) epoll_ctl(urgent_, EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::turn(std::int64_t until_ns, bool spin) {
  std::int64_t wait = 0;
  if (!spin) wait = std::clamp<std::int64_t>(until_ns - now_ns(), 0, 100 * kMillisecond);
  const timespec timeout{.tv_sec = wait / kSecond, .tv_nsec = wait % kSecond};
  const int count = epoll_pwait2(epoll_, events_.data(), kEventsMax, &timeout, nullptr);
  serve_urgent();
  for (std::size_t i = 0; std::cmp_less(i, count); ++i) serve(events_[i]);
}

void EventLoop::serve(const epoll_event& event) {
  if (event.data.ptr == this) return;  // The urgent lane was served already.
  if (event.data.ptr != nullptr) {
    static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
  } else {
    std::uint64_t wakes = 0;
    [[maybe_unused]] const auto size = read(wake_, &wakes, sizeof wakes);
  }
}

void EventLoop::serve_urgent() {
  if (urgent_ < 0) return;
  const int count = epoll_wait(urgent_, urgent_events_.data(), kUrgentMax, 0);
  for (std::size_t i = 0; std::cmp_less(i, count); ++i) serve(urgent_events_[i]);
}

std::span<char> EventLoop::plain_buffer() {
  if (plain_buffer_ == nullptr) {
    plain_buffer_ = std::make_unique_for_overwrite<char[]>(kPlainBufferSize);
  }
  return {plain_buffer_.get(), kPlainBufferSize};
}

void EventLoop::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto size = write(wake_, &one, sizeof one);
}

}  // namespace load
