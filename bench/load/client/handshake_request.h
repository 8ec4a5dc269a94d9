// The text of an opening handshake (RFC 6455 section 4.1).
//
// Owner: none (functions).   Thread: any.   Bound: none of its own.
#pragma once

#include <string>
#include <string_view>

namespace load {

struct HandshakeFields {
  std::string_view path;
  std::string_view host;
  std::string_view key;
  std::string_view subprotocol;  // Empty: none is offered.
  bool deflate = false;          // permessage-deflate is offered.
};

[[nodiscard]] std::string handshake_request(const HandshakeFields& fields);

// A random Sec-WebSocket-Key.
[[nodiscard]] std::string fresh_handshake_key();

}  // namespace load
