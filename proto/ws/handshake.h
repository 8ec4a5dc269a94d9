// The server's side of the opening handshake, RFC 6455 section 4.2, as a pure function: a request
// head in; Accepted with the bytes to send, or Rejected, out. Nothing the client sent is copied
// into a response, but for a subprotocol that is byte for byte one of ours.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "proto/http/request_head.h"       // RequestHead
#include "proto/ws/deflate_negotiation.h"  // DeflatePolicy, DeflateAgreement

namespace ws {

struct HandshakePolicy {
  std::span<const std::string> subprotocols;  // What we speak. The client's order decides.
  // Who may connect from a browser: "any", "same" (host and port of Origin and Host are equal), or
  // exact origins such as "https://example.com". Nobody if empty. A request without Origin does not
  // come from a browser and is not concerned.
  std::span<const std::string> origins;
  std::optional<DeflatePolicy> deflate = std::nullopt;  // Empty: permessage-deflate is declined.
  // What a trusted proxy tells: the host that the client asked for, in place of the request's
  // (empty: the request's), and whether it did so over TLS, so that "same" compares the scheme,
  // too.
  std::string_view forwarded_host = {};
  bool secure = false;
};

struct Accepted {
  std::string response;     // The complete 101 response.
  std::string subprotocol;  // Empty if none was agreed.
  std::optional<DeflateAgreement> deflate = std::nullopt;
};

struct Rejected {
  int status;
  std::string_view code;  // Stable, snake_case.
  std::string_view message;
};

[[nodiscard]] std::variant<Accepted, Rejected> accept_handshake(const http::RequestHead& request,
                                                                const HandshakePolicy& policy);

// Whether this asks for a WebSocket at all, well or badly: "websocket" in Upgrade, or a key.
[[nodiscard]] bool is_websocket_upgrade(const http::RequestHead& request);

// A framed HTTP/1.1 error with Connection: close and the body {"error":{"code":…,"message":…}}.
// 426 gets its Upgrade and Sec-WebSocket-Version (4.4), 405 its Allow: GET. `extra_headers` are
// whole lines, each with its CRLF.
[[nodiscard]] std::string rejection_response(int status, std::string_view code,
                                             std::string_view message,
                                             std::string_view extra_headers = {});

}  // namespace ws
