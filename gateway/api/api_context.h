// What all API connections of one shard share.
//
// Owner: ApiServer.   Thread: its shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/api/claims.h"
#include "gateway/api/credentials.h"
#include "gateway/api/dispatcher.h"
#include "gateway/config/config.h"
#include "gateway/cross/counters.h"
#include "gateway/tls/secure_sends.h"
#include "proto/http/request_parser.h"
#include "proto/push/body_parser.h"
#include "proto/push/padded_text.h"
#include "proto/push/push_parser.h"
#include "proto/push/push_request.h"

namespace api {

struct Hooks {
  std::function<bool(std::string_view level)> set_log_level;  // False: there is no such level.
};

// Bytes of one recv(), for every connection in turn; the JSON parsers may read behind them.
class ReceiveBuffer {
 public:
  static constexpr std::size_t kSize = 64 << 10;
  // Ciphertext that always fits the buffer when it is decrypted.
  static constexpr std::size_t kCipherSize = kSize - tls::kRecordMax;
  ReceiveBuffer() : bytes_(std::make_unique<std::byte[]>(kSize + push::kPadding)) {}
  [[nodiscard]] std::span<std::byte> bytes() { return {bytes_.get(), kSize}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

struct ApiContext {
  ApiContext(Dispatcher& dispatcher_, ClaimListener& listener, cross::Counters& counters_,
             net::SendBatch& batch, std::shared_ptr<const config::Config> config_, Hooks hooks_);

  // Another configuration for the requests that begin from now on.
  void configure(std::shared_ptr<const config::Config> config_);

  Dispatcher& dispatcher;
  cross::Counters& counters;
  const Hooks hooks;
  Claims claims;
  tls::SecureSends secure_sends;

  std::shared_ptr<const config::Config> config;
  Credentials credentials;
  std::uint64_t credentials_version = 0;  // Counts configure(), so that verdicts can be kept.
  push::PushLimits push_limits;

  push::PushParser push_parser;
  push::BodyParser body_parser;
  push::PushRequest push_request;  // Of the request being read; its vectors are used again.
  ReceiveBuffer receive_buffer;
  std::unique_ptr<std::byte[]> cipher_buffer;  // Only where TLS is spoken.
  std::string body;                            // Of the response being written.
  std::string date_field;                      // Refreshed with each tick.
  std::uint32_t tls_steps = 0;                 // Of handshakes, in this turn.
  bool draining = false;  // Every answer is its connection's last, where it can be.
};

[[nodiscard]] http::Limits http_limits(const config::Api& api);

}  // namespace api
