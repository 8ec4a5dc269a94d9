#include "gateway/net/send_batch.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace net {
namespace {

constexpr unsigned kRingSize = 256;
constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

std::int64_t plain_send(const SendOperation& operation) {
  for (;;) {
    ssize_t sent = 0;
    if (operation.parts_count == 1) {
      sent = ::send(operation.fd, operation.parts->iov_base, operation.parts->iov_len, kFlags);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(operation.parts);
      message.msg_iovlen = operation.parts_count;
      sent = ::sendmsg(operation.fd, &message, kFlags);
    }
    if (sent >= 0) return sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

struct SendBatch::Ring {
  io_uring ring{};
  bool made = false;
  std::array<msghdr, kRingSize> messages{};

  ~Ring() {
    if (made) io_uring_queue_exit(&ring);
  }
  // False: the kernel takes no more submissions. Everything is sent all the same.
  [[nodiscard]] bool submit(std::span<SendOperation> operations);
};

SendBatch::SendBatch(Mode wanted) {
  if (wanted != Mode::kIoUring) return;
  auto ring = std::make_unique<Ring>();
  io_uring_params params{};
  // One thread submits and reaps: the kernel may leave out what only concurrency needs.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN;
  if (io_uring_queue_init_params(kRingSize, &ring->ring, &params) == 0 ||
      io_uring_queue_init(kRingSize, &ring->ring, 0) == 0) {
    ring->made = true;
    ring_ = std::move(ring);
  }
}

SendBatch::~SendBatch() = default;

void SendBatch::send(std::span<SendOperation> operations) {
  while (ring_ && operations.size() > 1) {  // One call is cheaper than one submission.
    const std::size_t count = std::min<std::size_t>(operations.size(), kRingSize);
    // What a refused submission leaves in the ring must never be submitted later: no ring from now.
    if (!ring_->submit(operations.first(count))) ring_.reset();
    operations = operations.subspan(count);
  }
  for (SendOperation& operation : operations) operation.result = plain_send(operation);
}

bool SendBatch::Ring::submit(std::span<SendOperation> operations) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    SendOperation& operation = operations[i];
    io_uring_sqe* entry = io_uring_get_sqe(&ring);
    if (operation.parts_count == 1) {
      io_uring_prep_send(entry, operation.fd, operation.parts->iov_base, operation.parts->iov_len,
                         kFlags);
    } else {
      messages[i].msg_iov = const_cast<iovec*>(operation.parts);
      messages[i].msg_iovlen = operation.parts_count;
      io_uring_prep_sendmsg(entry, operation.fd, &messages[i], kFlags);
    }
    io_uring_sqe_set_data64(entry, i);
    operation.result = -EINTR;  // Until its completion says otherwise.
  }
  const auto count = static_cast<unsigned>(operations.size());
  unsigned reaped = 0;
  unsigned submitted = 0;
  bool refused = false;
  while (reaped < count && !refused) {
    const int result = io_uring_submit_and_wait(&ring, 1);
    if (result > 0) submitted += static_cast<unsigned>(result);
    io_uring_cqe* completion = nullptr;
    while (io_uring_peek_cqe(&ring, &completion) == 0) {
      operations[io_uring_cqe_get_data64(completion)].result = completion->res;
      io_uring_cqe_seen(&ring, completion);
      ++reaped;
    }
    refused = result < 0 && result != -EINTR && reaped == submitted;
  }
  for (SendOperation& operation : operations) {
    if (operation.result == -EAGAIN || operation.result == -ENOBUFS) operation.result = 0;
    if (operation.result == -EINTR || operation.result == -ECANCELED) {
      operation.result = plain_send(operation);
    }
  }
  return !refused;
}

bool io_uring_works() {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  SendBatch batch(SendBatch::Mode::kIoUring);
  bool works = batch.mode() == SendBatch::Mode::kIoUring;
  if (works) {
    char byte = 'x';
    const iovec part{&byte, 1};
    std::array<SendOperation, 2> operations{};
    for (SendOperation& operation : operations) {
      operation = {.fd = pair[0], .parts = &part, .parts_count = 1};
    }
    batch.send(operations);
    works = operations[0].result == 1 && operations[1].result == 1;
  }
  ::close(pair[0]);
  ::close(pair[1]);
  return works;
}

}  // namespace net
