// Carries out sends of connections with and without TLS as one batch: encrypts first, then hands
// all ciphertext to the kernel together, then says how much plaintext that was.
//
// SendOperation::result counts the plaintext of whole records that the kernel took. What is in a
// record that it did not take to its end is `held`: to be offered again, first and unchanged, when
// the descriptor is writable; it is then counted without being encrypted twice.
//
// Owner: an edge or an API server.   Thread: its shard's.   Bound: kBufferMax of ciphertext; for a
// connection that takes no more, its Stream keeps what one step made.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "gateway/net/send_batch.h"
#include "gateway/tls/stream.h"

namespace tls {

class SecureSends {
 public:
  explicit SecureSends(net::SendBatch& batch) : batch_(batch) {}

  // `streams` are the operations' own, in their order; null: it is sent as it is.
  void send(std::span<net::SendOperation> operations, std::span<Stream* const> streams);

  // Sends what is pending of TLS itself (handshake, alerts). False: the connection is no more.
  [[nodiscard]] bool flush(int fd, Stream& stream);

 private:
  // What one connection is sent before it is asked whether it takes more.
  static constexpr std::size_t kStepMax = 4 * kRecordMax;
  static constexpr std::size_t kStepCipherMax = kStepMax + 4 * Stream::kRecordOverheadMax;
  static constexpr std::size_t kBufferMax = 256 << 10;  // Stays in a core's own cache.

  struct Step {                    // What was encrypted of an operation and is to be sent now.
    std::size_t operation = 0;     // Its index.
    std::size_t begin = 0;         // In cipher_.
    std::size_t size = 0;          // In cipher_; 0: it goes as it is.
    std::size_t first_record = 0;  // All records but the last are as large as the first.
    std::size_t plain = 0;
  };

  void send_steps(std::span<net::SendOperation> operations, std::span<Stream* const> streams);
  [[nodiscard]] bool begin(net::SendOperation& operation, Stream& stream);
  void add_step(std::span<net::SendOperation> operations, std::size_t index, Stream* stream);
  [[nodiscard]] std::span<const std::byte> next_record(const net::SendOperation& operation,
                                                       std::size_t from);
  void settle(net::SendOperation& operation, Stream& stream, const Step& step, std::int64_t sent);

  net::SendBatch& batch_;
  std::vector<std::byte> cipher_;
  std::vector<std::byte> plain_;  // The pieces of one record, put together.
  std::vector<Step> steps_;
  std::vector<net::SendOperation> sends_;  // One for each step.
  std::vector<iovec> parts_;               // The same.
  std::vector<std::size_t> unfinished_;    // Operations that may go on.
};

}  // namespace tls
