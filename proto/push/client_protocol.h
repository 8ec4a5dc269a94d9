// The dunlin.v1 client protocol: JSON messages between a client and the gateway. Requests carry an
// id and are answered with the same id; pushes and notices carry none.
//
//   {"id":1,"login":{"uid":"u1"}}                   {"id":1,"login":{"uid":"u1","connection":"…"}}
//   {"id":1,"login":{"token":"…"}}                  {"id":1,"login":{…,"expires_in_ms":3600000}}
//   {"id":5,"refresh":{"token":"…"}}                {"id":5,"refresh":{"expires_in_ms":3600000}}
//   {"id":2,"subscribe":{"channel":"news",          {"id":2,"subscribe":{"channel":"news",
//     "recover":{"epoch":"x7","offset":14}}}          "epoch":"x7","offset":17,"recovered":true}}
//   {"id":3,"unsubscribe":{"channel":"news"}}       {"id":3,"unsubscribe":{"channel":"news"}}
//   {"id":4,"ping":{}}                              {"id":4,"ping":{}}
//   {"ack":"<message id>"}                          (no answer)
//                                                   {"id":2,"error":{"code":"…","message":"…"}}
//                                                   {"push":{"message":"…","channel":"news",
//                                                     "offset":18,"data":…}}
//                                                   {"missed":{"count":3}}
//                                                   {"unsubscribe":{"channel":"news"}}
//                                                   {"reconnect":{"delay_ms":1200}}
//                                                   {"token":{"expires_in_ms":60000}}
//
// Unknown members are ignored, so that a newer client can talk to an older gateway; the members
// above must be what they should be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/push/padded_text.h"
#include "proto/push/push_request.h"  // PayloadKind

namespace push {

struct RecoverFrom {
  std::string_view epoch;
  std::uint64_t offset = 0;
};

// What a client says of itself: either may be empty, not both. Which one counts is not said here.
struct Credentials {
  std::string_view uid;
  std::string_view token;  // Unchecked.
};
struct Login {
  std::uint64_t id = 0;
  Credentials credentials;
};
struct Refresh {
  std::uint64_t id = 0;
  std::string_view token;
};
struct Subscribe {
  std::uint64_t id = 0;
  std::string_view channel;
  std::optional<RecoverFrom> recover;
};
struct Unsubscribe {
  std::uint64_t id = 0;
  std::string_view channel;
};
struct Ping {
  std::uint64_t id = 0;
};
struct Ack {
  std::string_view message;  // A message id in its text form, unchecked.
};
using ClientMessage = std::variant<Login, Refresh, Subscribe, Unsubscribe, Ping, Ack>;

struct ProtocolError {
  std::string_view code;            // Stable, snake_case, static.
  std::string_view message;         // Static.
  std::optional<std::uint64_t> id;  // Of the request, if it could be read.
  bool operator==(const ProtocolError&) const = default;
};

struct ClientLimits {
  std::size_t uid_size_max = 256;
  std::size_t channel_size_max = 256;
};

// Owner: one for each shard.   Thread: its shard's.   Bound: as PushParser.
class ClientMessageParser {
 public:
  ClientMessageParser();
  ~ClientMessageParser();
  ClientMessageParser(ClientMessageParser&&) noexcept;
  ClientMessageParser& operator=(ClientMessageParser&&) noexcept;

  // Views point into `json` and into this object: valid until the next call, and as long as `json`.
  [[nodiscard]] std::expected<ClientMessage, ProtocolError> parse(PaddedText json,
                                                                  const ClientLimits& limits);

  // The first message of a client without the subprotocol: {"uid":"123456"} or {"token":"…"}, other
  // members ignored. The views are valid as above.
  [[nodiscard]] std::expected<Credentials, ProtocolError> parse_bare_login(
      PaddedText json, const ClientLimits& limits);

  // From time to time: gives back what no text since the last call has needed. Ends the views.
  void rest();
  // The same, of all that is kept for the next text.
  void let_go();
  // What is kept for it, in bytes.
  [[nodiscard]] std::size_t memory_size() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// --- Gateway to client. Each appends one message to `out`. ---

struct LoggedIn {
  std::string_view uid;
  std::string_view connection;
  std::optional<std::uint64_t> expires_in_ms;  // Of the token, if there is one that ends.
};
void append_login(std::string& out, std::uint64_t id, const LoggedIn& logged_in);
void append_refreshed(std::string& out, std::uint64_t id,
                      std::optional<std::uint64_t> expires_in_ms);

struct Subscribed {
  std::string_view channel;
  std::string_view epoch;
  std::uint64_t offset = 0;
  std::optional<bool> recovered;  // Only when the client asked for recovery.
};
void append_subscribed(std::string& out, std::uint64_t id, const Subscribed& subscribed);
// Without an id: nobody asked for it.
void append_unsubscribed(std::string& out, std::optional<std::uint64_t> id,
                         std::string_view channel);
void append_pong(std::string& out, std::uint64_t id);
void append_error(std::string& out, const ProtocolError& error);

struct Pushed {
  std::string_view message;  // Its id.
  std::string_view channel;  // Empty: not a channel's publication.
  std::uint64_t offset = 0;  // With a channel.
  PayloadKind kind = PayloadKind::kText;
  std::string_view payload;
};
void append_push(std::string& out, const Pushed& pushed);
void append_missed(std::string& out, std::uint64_t count);
void append_reconnect(std::string& out, std::uint32_t delay_ms);
void append_token_expiring(std::string& out, std::uint64_t expires_in_ms);

}  // namespace push
