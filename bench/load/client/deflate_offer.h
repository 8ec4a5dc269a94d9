// The extension permessage-deflate as the harness offers it (RFC 7692 section 7): every message is
// compressed for itself, in both directions, so that a server may compress a broadcast once. The
// harness itself sends its messages uncompressed, which is allowed.
//
// Owner: none (a function).   Thread: any.   Bound: none of its own.
#pragma once

#include <string_view>

namespace load {

inline constexpr std::string_view kDeflateOffer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// Whether the value of a server's Sec-WebSocket-Extensions is an answer to that offer: the
// extension once, with server_no_context_takeover, and nothing that the offer does not allow.
[[nodiscard]] bool agrees_to_deflate(std::string_view extensions);

}  // namespace load
