// Whether a browser's page may open a WebSocket to us: RFC 6455 sections 4.2.2 and 10.2, RFC 6454.
// Browsers send cookies along whoever asks (cross-site WebSocket hijacking), so this is an
// allow-list.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ws {

// `origin` is the Origin field as sent, `host` the request's host and perhaps port. `allowed` holds
// "any", "same" or exact origins; see HandshakePolicy. `secure`: the request is known to have come
// over TLS, and so only a page that did, too, is the "same".
[[nodiscard]] bool is_origin_allowed(std::string_view origin, std::string_view host,
                                     std::span<const std::string> allowed, bool secure = false);

}  // namespace ws
