// Negotiates permessage-deflate, RFC 7692 section 7.1, as a pure function: the client's offers and
// what we are willing to do in; what was agreed, or nothing, out. The first offer that is
// acceptable wins. One with an unknown, doubled or ill-valued parameter is declined, and the next
// one looked at (7.1: "MUST decline"). An offer is never an error: without an agreement, messages
// go plain.
//
// Owner: free function.   Thread: any.   Bound: each character of the header fields is looked at
// once; no memory but for the answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/http/request_head.h"  // RequestHead

namespace ws {

inline constexpr std::uint8_t kWindowBitsMax = 15;
// zlib has no raw deflate with 8: it takes 9 instead, which a client that asked for 8 cannot read.
inline constexpr std::uint8_t kWindowBitsMin = 9;

struct DeflatePolicy {
  // Whether a message may refer back to earlier ones: better compression for memory that every
  // connection then holds for good.
  bool server_context_takeover = false;
  bool client_context_takeover = false;
  std::uint8_t server_window_bits = kWindowBitsMax;  // At most; kWindowBitsMin to kWindowBitsMax.
  std::uint8_t client_window_bits = kWindowBitsMax;  // At most, if the client can be told so.
};

// "server": what we send. "client": what the client sends.
struct DeflateAgreement {
  bool server_context_takeover = false;
  bool client_context_takeover = false;
  std::uint8_t server_window_bits = kWindowBitsMax;
  std::uint8_t client_window_bits = kWindowBitsMax;
  std::string response;  // The value of our Sec-WebSocket-Extensions.
};

[[nodiscard]] std::optional<DeflateAgreement> negotiate_deflate(const http::RequestHead& request,
                                                                const DeflatePolicy& policy);

}  // namespace ws
