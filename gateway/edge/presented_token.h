// Where an opening handshake carries a token: `Authorization: Bearer`, a query parameter, or an
// offered subprotocol `bearer.<token>`, since a browser's script can set nothing else. RFC 6750
// section 2.
//
// Owner: free function.   Thread: any.   Bound: linear in the head.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "gateway/auth/refusal.h"
#include "proto/http/request_head.h"

namespace edge {

// Empty: there is none. `query_parameter` empty: not in the query.
[[nodiscard]] std::expected<std::string, auth::Refusal> presented_token(
    const http::RequestHead& head, std::string_view query_parameter);

}  // namespace edge
