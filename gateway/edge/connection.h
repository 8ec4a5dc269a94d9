// The edge's half of a connection; the hub's half (queue, uid, subscriptions) is hub::Member under
// the same slot number. A plain value: no callback holds state, so that it can move.
//
// Owner: Edge's table.   Thread: the shard's.   Bound: connections_max; `head`, `input` and
// `answer` exist only during the handshake, while input has to wait, and while a socket does not
// take them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/cross/counters.h"
#include "gateway/edge/grant.h"
#include "gateway/edge/token_bucket.h"
#include "gateway/net/address.h"
#include "gateway/tls/stream.h"
#include "proto/http/request_parser.h"
#include "proto/ws/session.h"

namespace edge {

enum class Phase : std::uint8_t {
  kFree,
  kHandshake,  // TLS is being set up, where it is spoken, or the request head being read.
  kLogin,      // A WebSocket; the first message must say who it is.
  kOpen,
  kClosing,    // Our Close frame is out or queued; the peer's is awaited.
  kLingering,  // Nothing more is read or said; waits until what was sent has left.
};

// Why a connection is not let in; it is told so as soon as it has said something. (auth::Refusal is
// why a token is not taken.)
enum class Obstacle : std::uint8_t { kNone, kConnections, kDraining, kRate, kAddress, kMemory };

struct Connection {
  int fd = -1;
  std::uint32_t generation = 0;
  Phase phase = Phase::kFree;
  bool joined : 1 = false;         // The hub knows it.
  bool counted : 1 = false;        // One of connections_max; else it will be refused.
  bool by_address : 1 = false;     // Counted by its client's address …
  bool unproven : 1 = false;       // … and among those that have not logged in yet.
  bool awaits_proxy : 1 = false;   // A PROXY header comes first.
  bool trusted_peer : 1 = false;   // `peer` is a proxy that is believed.
  bool secure : 1 = false;         // The client speaks TLS to that proxy.
  bool rate_paused : 1 = false;    // Its rate is used up: not read until there are tokens.
  bool write_again : 1 = false;    // Its write budget was used up.
  bool protocol : 1 = false;       // Speaks dunlin.v1.
  bool in_ready_list : 1 = false;  // Its read budget was used up.
  bool read_paused : 1 = false;    // Its own backlog is too long to take more of its input.
  bool ping_outstanding : 1 = false;
  bool draining : 1 = false;     // phase_deadline_ms is when it is asked to go.
  bool peer_closed : 1 = false;  // The peer's Close frame or FIN has come.
  bool write_shut : 1 = false;
  Obstacle obstacle : 3 = Obstacle::kNone;
  cross::CloseCause cause = cross::CloseCause::kLost;
  std::uint16_t profile = 0;
  std::uint16_t window_bytes = 0;  // Its part of Counters::inflate_window_bytes.
  net::Address peer;               // The client, as far as is known.
  std::uint32_t discarded = 0;     // Bytes that came after the connection had failed.
  std::uint32_t input_bytes = 0;   // Its part of Counters::input_bytes.
  ws::Session session{0};
  std::unique_ptr<tls::Stream> tls;  // Null: plain TCP.
  std::unique_ptr<http::RequestParser> head;
  std::unique_ptr<std::string> input;   // Received, and has to wait.
  std::unique_ptr<std::string> answer;  // An HTTP answer: what of it is not sent yet.
  std::unique_ptr<Grant> grant;         // With a token only.

  TokenBucket messages;
  TokenBucket bytes;

  // Loop time. Of a deadline 0 is none; the nearest one is in the timer wheel.
  std::uint64_t opened_ms = 0;
  std::uint64_t last_read_ms = 0;
  std::uint64_t phase_deadline_ms = 0;  // Handshake, login, pong or close, as the phase says.
  std::uint64_t next_ping_ms = 0;
  std::uint64_t next_heartbeat_ms = 0;
  std::uint64_t queue_expiry_ms = 0;
};
static_assert(sizeof(Connection) <= 232);

}  // namespace edge
