#include "gateway/loop/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gateway/loop/event_loop.h"
#include "proto/base/assert.h"

namespace loop {
namespace {
// Events taken by one epoll_wait; what is left stays ready for the loop's next turn.
constexpr int kEventsPerTurn = 512;

constexpr std::uint8_t kOwnKinds = 0xF0;  // From here on.
constexpr PollKey kUvKey{.kind = 0xFF};
constexpr PollKey kWakeKey{.kind = 0xFE};

void watch(int epoll_fd, int fd, std::uint32_t events, PollKey key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key.packed();
  DUNLIN_ASSERT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
}

}  // namespace

Poller::Poller(EventLoop& loop, PollSink& sink)
    : loop_(loop),
      sink_(sink),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  DUNLIN_ASSERT(epoll_fd_ >= 0 && wake_fd_ >= 0);
  // Level-triggered: libuv may leave some of its events for later.
  watch(epoll_fd_, uv_backend_fd(&loop.uv()), EPOLLIN, kUvKey);
  // Edge-triggered: each write is an event, and nobody has to read.
  watch(epoll_fd_, wake_fd_, EPOLLIN | EPOLLET, kWakeKey);
  loop_.set_poller(this);
}

Poller::~Poller() {
  loop_.set_poller(nullptr);
  ::close(wake_fd_);
  ::close(epoll_fd_);
}

bool Poller::add(int fd, PollKey key) {
  DUNLIN_ASSERT(key.kind < kOwnKinds);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = key.packed();
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void Poller::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

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
    if (event.data.u64 == kWakeKey.packed()) {
      sink_.on_woken();
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
