#include "bench/limit/sender.h"

#include <sys/socket.h>

#include <cerrno>

#include "proto/base/assert.h"

namespace limit {
namespace {

void report(Sender::Unsent& unsent, int fd, std::span<const char> bytes, ssize_t sent, int error) {
  if (sent < 0 && error != EAGAIN) {
    unsent.on_send_error(fd, error);
    return;
  }
  const auto taken = sent < 0 ? std::size_t{0} : static_cast<std::size_t>(sent);
  if (taken < bytes.size()) unsent.on_unsent(fd, bytes.subspan(taken));
}

}  // namespace

ssize_t Sender::write(int fd, std::span<const char> bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void PlainSender::send(int fd, std::span<const char> bytes) {
  const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(bytes.size())) report(unsent_, fd, bytes, sent, errno);
}

void TlsSender::send(int fd, std::span<const char> bytes) {
  const ssize_t sent = write(fd, bytes);
  if (sent != static_cast<ssize_t>(bytes.size())) report(unsent_, fd, bytes, sent, errno);
}

ssize_t TlsSender::write(int fd, std::span<const char> bytes) {
  return tls_.has(fd) ? tls_.send(fd, bytes) : Sender::write(fd, bytes);
}

std::unique_ptr<RingSender> RingSender::create(Unsent& unsent) {
  std::unique_ptr<RingSender> sender(new RingSender(unsent));
  const int result = io_uring_queue_init(kRingEntries, &sender->ring_, IORING_SETUP_SINGLE_ISSUER);
  if (result < 0) {
    errno = -result;
    return nullptr;
  }
  sender->ready_ = true;
  return sender;
}

RingSender::~RingSender() {
  if (ready_) io_uring_queue_exit(&ring_);
}

void RingSender::send(int fd, std::span<const char> bytes) {
  if (queued_.size() == kRingEntries) flush();
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  DUNLIN_ASSERT(entry != nullptr);  // The queue is as long as the ring and was just flushed.
  io_uring_prep_send(entry, fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  io_uring_sqe_set_data64(entry, queued_.size());
  queued_.push_back({.fd = fd, .bytes = bytes});
}

void RingSender::flush() {
  if (queued_.empty()) return;
  // MSG_DONTWAIT makes every send complete inside the submit call, so the wait costs nothing and
  // the callers' bytes are free again when this returns.
  const int submitted = io_uring_submit_and_wait(&ring_, static_cast<unsigned>(queued_.size()));
  DUNLIN_ASSERT(submitted == static_cast<int>(queued_.size()));

  // A report may make the server send again, so the queue must be empty by then.
  submitted_.swap(queued_);
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(&ring_, head, completion) {
    const Queued& entry = submitted_[io_uring_cqe_get_data64(completion)];
    const int result = completion->res;
    if (result != static_cast<int>(entry.bytes.size())) {
      report(unsent_, entry.fd, entry.bytes, result < 0 ? -1 : result, -result);
    }
    ++seen;
  }
  io_uring_cq_advance(&ring_, seen);
  submitted_.clear();
}

}  // namespace limit
