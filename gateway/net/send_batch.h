// Hands many sends to the kernel: as one io_uring submission where that is allowed (a quarter
// cheaper than as many calls), else by plain sends. Nothing blocks and nothing stays under way when
// send() returns; epoll remains what tells readiness.
//
// Owner: Shard, for its edge and its API.   Thread: the shard's (it makes the ring, too).   Bound:
// kRingSize operations in one submission; more are submitted in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "gateway/net/send_operation.h"

namespace net {

class SendBatch {
 public:
  enum class Mode : std::uint8_t { kPlain, kIoUring };

  // The mode that is in force may be plain although io_uring was asked for: see mode().
  explicit SendBatch(Mode wanted);
  ~SendBatch();
  SendBatch(const SendBatch&) = delete;
  SendBatch& operator=(const SendBatch&) = delete;

  // In order, each without blocking.
  void send(std::span<SendOperation> operations);

  [[nodiscard]] Mode mode() const { return ring_ ? Mode::kIoUring : Mode::kPlain; }

 private:
  struct Ring;
  std::unique_ptr<Ring> ring_;
};

// Whether this kernel, and what confines this process, allow io_uring sends.
[[nodiscard]] bool io_uring_works();

}  // namespace net
