#include "gateway/loop/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "proto/base/assert.h"

namespace loop {
namespace {
// Events taken by one epoll_wait; what is left stays ready for the loop's next turn.
constexpr int kEventsPerTurn = 512;
}  // namespace

Poller::Poller(uv_loop_t& loop, PollSink& sink)
    : sink_(sink), epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), handle_(new uv_poll_t) {
  DUNLIN_ASSERT(epoll_fd_ >= 0);
  DUNLIN_ASSERT(uv_poll_init(&loop, handle_, epoll_fd_) == 0);
  handle_->data = this;
  DUNLIN_ASSERT(uv_poll_start(handle_, UV_READABLE, &Poller::on_uv_poll) == 0);
}

Poller::~Poller() {
  uv_poll_stop(handle_);
  uv_close(reinterpret_cast<uv_handle_t*>(handle_),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  ::close(epoll_fd_);
}

bool Poller::add(int fd, PollKey key) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = key.packed();
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void Poller::on_uv_poll(uv_poll_t* handle, int /*status*/, int /*events*/) {
  static_cast<Poller*>(handle->data)->dispatch();
}

void Poller::dispatch() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t bits = events[static_cast<std::size_t>(i)].events;
    const bool broken = (bits & (EPOLLERR | EPOLLHUP)) != 0;
    sink_.on_ready(PollKey::unpacked(events[static_cast<std::size_t>(i)].data.u64),
                   {.readable = broken || (bits & EPOLLIN) != 0,
                    .writable = broken || (bits & EPOLLOUT) != 0,
                    .peer_closed = broken || (bits & EPOLLRDHUP) != 0});
  }
}

}  // namespace loop
