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
// Owner: the connection.   Thread: the connection's shard.   Bound: kPendingMax pending, above
// which the connection fails; OpenSSL's own state, without record buffers while idle.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/tls/context.h"

namespace tls {

class Stream {
 public:
  enum class State : std::uint8_t {
    kHandshake,  // Not established yet.
    kOpen,
    kEnded,   // The peer's close_notify has come: it sends nothing more.
    kFailed,  // A fault; an alert for the peer may be pending(). Nothing more can be done.
  };

  // A record's payload (RFC 8446 section 5.1), and what TLS may add to it.
  static constexpr std::size_t kRecordMax = 16 << 10;
  // (Clients may ask for records of 512 bytes: then so much is made of 32 of them.)
  static constexpr std::size_t kRecordOverheadMax = 1 << 10;
  // A peer that asks for answers (key updates) and takes none is not waited for.
  static constexpr std::size_t kPendingMax = 256 << 10;
  // New keys cost a peer 27 bytes and us as much work as a hundred records. Who sends much may ask
  // for them from time to time (RFC 8446 section 5.5); nobody else has a reason to.
  static constexpr std::uint32_t kKeyUpdatesFree = 32;
  static constexpr std::uint64_t kBytesPerKeyUpdate = 1 << 20;

  // Null: there is no memory for it.
  [[nodiscard]] static std::unique_ptr<Stream> make(std::shared_ptr<const Context> context);
  ~Stream();
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

  // What has to leave before anything else, and how much plaintext, encrypted already, is in it.
  [[nodiscard]] std::span<const std::byte> pending() const {
    return std::span(pending_).subspan(pending_sent_);
  }
  [[nodiscard]] std::uint32_t held() const { return held_; }
  // The memory that takes.
  [[nodiscard]] std::size_t pending_memory() const { return pending_.capacity(); }
  void keep(std::span<const std::byte> cipher, std::uint32_t held);
  // The kernel took this much of pending(). When all of it is gone, so is what was held.
  void sent(std::size_t size);
  [[nodiscard]] std::uint32_t take_released() { return std::exchange(released_, 0); }

  // Of an established connection, for logs and metrics.
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] std::string version() const;  // "TLSv1.3"
  // Why it failed; empty if it has not.
  [[nodiscard]] const char* failure() const { return failure_; }
  // The peer spoke plain HTTP.
  [[nodiscard]] bool spoke_http() const { return spoke_http_; }

 private:
  explicit Stream(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
  friend struct StreamBio;
  static void note_message(int written, int version, int type, const void* message,
                           std::size_t size, SSL* ssl, void* self);
  [[nodiscard]] bool too_many_key_updates() const {
    return key_updates_ > kKeyUpdatesFree + received_size_ / kBytesPerKeyUpdate;
  }
  void note_progress(int result);
  void fail();

  std::shared_ptr<const Context> context_;  // The choice of a certificate looks into it.
  SSL* ssl_ = nullptr;
  std::span<const std::byte> input_;          // Of the receive() under way.
  std::vector<std::byte>* output_ = nullptr;  // Of the encrypt() under way; else pending_.
  std::vector<std::byte> pending_;
  std::size_t pending_sent_ = 0;
  std::uint64_t received_size_ = 0;  // Plaintext.
  std::uint32_t key_updates_ = 0;    // The peer's.
  const char* failure_ = "";
  std::uint32_t held_ = 0;
  std::uint32_t released_ = 0;
  State state_ = State::kHandshake;
  bool spoke_http_ = false;
};

}  // namespace tls
