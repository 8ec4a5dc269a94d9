// One TLS connection, server side, without a socket: ciphertext in, plaintext out, and the other
// way round. It makes no system call, so whole batches of ciphertext can leave together, and a
// connection can move to another thread between two calls.
//
//   receive():  what the socket gave  ──>  plaintext; answers of TLS itself wait in pending()
//   encrypt():  plaintext             ──>  records, appended to the caller's buffer
//
// What the kernel did not take of encrypted records has to leave before anything else: keep() puts
// it into pending(). Its plaintext counts as *held*: it can be neither changed nor overtaken, and
// is not sent either. See SecureSends.
//
// OpenSSL makes the handshake (SslEngine) and is then gone, but for TLS 1.2: the records of TLS 1.3
// are our own (Records).
//
// Owner: the connection.   Thread: the connection's shard.   Bound: kPendingMax pending, above
// which the connection fails; one incomplete record. TLS 1.2: OpenSSL's own state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/tls/context.h"
#include "gateway/tls/records.h"
#include "gateway/tls/ssl_engine.h"

namespace tls {

class Stream {
 public:
  enum class State : std::uint8_t {
    kHandshake,  // Not established yet.
    kOpen,
    kEnded,   // The peer's close_notify has come: it sends nothing more.
    kFailed,  // A fault; an alert for the peer may be pending(). Nothing more can be done.
  };

  // What TLS may add to kRecordMax bytes: clients may ask for records of 512 (RFC 6066 section 4),
  // and then it is 32 of them.
  static constexpr std::size_t kRecordOverheadMax = 1 << 10;
  // A peer that asks for answers (key updates) and takes none is not waited for.
  static constexpr std::size_t kPendingMax = 256 << 10;

  // Null: there is no memory for it.
  [[nodiscard]] static std::unique_ptr<Stream> make(std::shared_ptr<const Context> context);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] State state() const { return state_; }

  // Takes all of `cipher`; returns how much of `plain` it filled. There must be room for
  // cipher.size() + kRecordMax bytes: an earlier call may have ended within a record.
  [[nodiscard]] std::size_t receive(std::span<const std::byte> cipher, std::span<std::byte> plain);

  // Appends records with all of `plain`, at most kRecordMax bytes in each. False: it failed. Only
  // in state kOpen or kEnded, and only while nothing is pending().
  [[nodiscard]] bool encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher);

  // Makes close_notify pending: we send nothing more. The peer may still.
  void close();

  // Makes the announcement of a new key pending, if the one in use is worn. Before encrypt().
  void renew_key_if_worn();

  // What has to leave before anything else, and how much plaintext, encrypted already, is in it.
  [[nodiscard]] std::span<const std::byte> pending() const {
    return std::span(pending_).subspan(pending_sent_);
  }
  [[nodiscard]] std::uint32_t held() const { return held_; }
  // The memory that it takes beside its own record: of pending(), and of an incomplete record.
  [[nodiscard]] std::size_t buffer_memory() const {
    return pending_.capacity() + (records_ != nullptr ? records_->memory() : 0);
  }
  void keep(std::span<const std::byte> cipher, std::uint32_t held);
  // The kernel took this much of pending(). When all of it is gone, so is what was held.
  void sent(std::size_t size);
  [[nodiscard]] std::uint32_t take_released() { return std::exchange(released_, 0); }

  // Of an established connection, for logs and metrics.
  [[nodiscard]] bool resumed() const { return resumed_; }
  [[nodiscard]] std::string_view version() const { return engine_ ? "TLSv1.2" : "TLSv1.3"; }
  // Why it failed; empty if it has not.
  [[nodiscard]] const char* failure() const { return failure_; }
  // The peer spoke plain HTTP.
  [[nodiscard]] bool spoke_http() const { return engine_ != nullptr && engine_->spoke_http(); }

 private:
  explicit Stream(std::unique_ptr<SslEngine> engine) : engine_(std::move(engine)) {}
  void on_handshake_done();
  void fail(const char* reason);

  std::unique_ptr<SslEngine> engine_;  // Null: TLS 1.3, established.
  std::unique_ptr<Records> records_;   // Null: not yet, or TLS 1.2.
  std::vector<std::byte> pending_;
  std::size_t pending_sent_ = 0;
  const char* failure_ = "";
  std::uint32_t held_ = 0;
  std::uint32_t released_ = 0;
  State state_ = State::kHandshake;
  bool resumed_ = false;
};

}  // namespace tls
