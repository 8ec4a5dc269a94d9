// A connection on its way to the shard that owns its uid: everything it is, as one movable value.
// Also what a connection has to be given to enter on the shard where it already stands.
//
// Owner: the shard it leaves, then the job that carries it, then the shard it enters.   Thread: its
// owner's.   Bound: as in Connection; `input` is what one read gave.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/cross/message.h"
#include "gateway/edge/grant.h"
#include "gateway/edge/token_bucket.h"
#include "gateway/hub/member.h"
#include "gateway/net/address.h"
#include "gateway/tls/stream.h"
#include "proto/ws/session.h"

namespace edge {

struct Moving {
  int fd = -1;
  net::Address peer;
  std::unique_ptr<tls::Stream> tls;  // Null: plain TCP.
  std::uint64_t opened_ms = 0;       // Monotonic clock, the same on every shard.
  std::uint16_t profile = 0;
  cross::Encoding encoding = cross::Encoding::kPlain;
  hub::Compression compression = {};
  std::string uid;               // Empty: none (yet).
  std::unique_ptr<Grant> grant;  // Of its token, if it has one.
  ws::Session session;
  bool handshaken = false;  // The 101 has been sent before; else `response` is it.
  std::string response;     // To be sent first, once the connection is admitted.
  std::optional<std::uint64_t> login_request;  // dunlin.v1: to be answered with the new id.
  std::string unsent;                          // Of earlier bytes: goes before everything else.
  std::string input;                           // Received, not looked at yet.
  bool by_address = false;                     // As in Connection.
  bool unproven = false;
  TokenBucket messages;
  TokenBucket bytes;
};

}  // namespace edge
