#include "gateway/loop/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gateway/loop/event_loop.h"
#include "proto/base/assert.h"

namespace loop {
namespace {
// Events taken by one epoll_wait; what is left stays ready for the loop's next turn.
constexpr int kEventsPerTurn = 512;

constexpr PollKey kUvKey{.kind = 0xFF};
}  // namespace

Poller::Poller(EventLoop& loop, PollSink& sink)
    : loop_(loop), sink_(sink), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
  DUNLIN_ASSERT(epoll_fd_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;  // Level-triggered: libuv may leave some of its events for later.
  event.data.u64 = kUvKey.packed();
  DUNLIN_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, uv_backend_fd(&loop.uv()), &event) == 0);
  loop_.set_poller(this);
}

Poller::~Poller() {
  loop_.set_poller(nullptr);
  ::close(epoll_fd_);
}

bool Poller::add(int fd, PollKey key) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = key.packed();
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

bool Poller::wait(int timeout_ms) {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, timeout_ms);
  uv_update_time(&loop_.uv());
  bool uv_ready = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kUvKey.packed()) {
      uv_ready = true;
      continue;
    }
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    sink_.on_ready(PollKey::unpacked(event.data.u64),
                   {.readable = broken || (event.events & EPOLLIN) != 0,
                    .writable = broken || (event.events & EPOLLOUT) != 0,
                    .peer_closed = broken || (event.events & EPOLLRDHUP) != 0});
  }
  return uv_ready;
}

}  // namespace loop
