// OpenSSL's part of a connection: the handshake, and with TLS 1.2 the records after it. With
// TLS 1.3 it ends with the handshake and leaves Records. It sees no socket: input is given to it,
// and its output appended to what it is given.
//
// Owner: Stream.   Thread: the connection's shard.   Bound: OpenSSL's own state; no record buffers
// while idle.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <vector>

#include "gateway/tls/context.h"
#include "gateway/tls/records.h"

namespace tls {

class SslEngine {
 public:
  enum class Handshake : std::uint8_t { kWantsInput, kDone, kFailed };

  // What each SSL_CTX needs that connections are made of.
  static void prepare(SSL_CTX* context);

  // Null: there is no memory for it.
  [[nodiscard]] static std::unique_ptr<SslEngine> make(std::shared_ptr<const Context> context);
  ~SslEngine();
  SslEngine(const SslEngine&) = delete;
  SslEngine& operator=(const SslEngine&) = delete;

  // Takes input until it is done; the rest of it is for receive() or for Records.
  [[nodiscard]] Handshake shake_hands(std::span<const std::byte>& input,
                                      std::vector<std::byte>& output);
  // After a handshake of TLS 1.3: the records from now on; the engine is not to be used any more.
  // Null: TLS 1.2. An error: why the connection cannot go on.
  [[nodiscard]] std::expected<std::unique_ptr<Records>, const char*> take_records();

  // TLS 1.2, as Records does it. encrypt() is false when it failed.
  [[nodiscard]] Received receive(std::span<const std::byte> cipher, std::span<std::byte> plain,
                                 std::vector<std::byte>& answers);
  [[nodiscard]] bool encrypt(std::span<const std::byte> plain, std::vector<std::byte>& cipher);
  void close(std::vector<std::byte>& answers);

  [[nodiscard]] bool resumed() const;
  // Why it failed.
  [[nodiscard]] const char* failure() const { return failure_; }
  // The peer spoke plain HTTP.
  [[nodiscard]] bool spoke_http() const { return spoke_http_; }

 private:
  explicit SslEngine(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
  friend struct EngineBio;
  static void note_secret(const SSL* ssl, const char* line);
  static void note_message(int written, int version, int type, const void* message,
                           std::size_t size, SSL* ssl, void* self);
  void fail();

  std::shared_ptr<const Context> context_;  // The choice of a certificate looks into it.
  SSL* ssl_ = nullptr;
  std::span<const std::byte> input_;          // Of the call under way.
  std::vector<std::byte>* output_ = nullptr;  // The same.
  TrafficSecrets secrets_;
  std::size_t client_secret_size_ = 0;  // 0: not known yet.
  std::size_t server_secret_size_ = 0;
  bool spoke_http_ = false;
  const char* failure_ = "";
};

}  // namespace tls
