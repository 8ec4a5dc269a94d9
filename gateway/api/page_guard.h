// Keeps pages in a browser from using the API through it. A browser on this machine, or in the
// network behind it, reaches the API as a backend does, and any page can make it send simple
// requests (a form, an image, fetch() with text/plain) whose answers it cannot read, but whose
// effects it gets: cross-site request forgery. Or a page lets its own name point to us (DNS
// rebinding), and is of the same site.
//
// With keys a page lacks the key. Without, this is what is left: browsers tell whose page asks
// (Fetch Metadata; Origin, RFC 6454), and which name they asked for (Host).
//
// Owner: free functions.   Thread: any.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/api/api_context.h"
#include "gateway/api/api_error.h"
#include "gateway/api/request_fields.h"
#include "gateway/api/routes.h"
#include "proto/http/request_head.h"

namespace api {

// What is wrong with a request that a page may have caused; nothing when it may pass.
[[nodiscard]] std::optional<ApiError> check_page(const ApiContext& context, const Route& route,
                                                 const http::RequestHead& head,
                                                 const RequestFields& fields);

// Whether the host of a Host field (perhaps with a port) is this machine's own, under any of the
// names that nobody else can have: "localhost" and names below it (RFC 6761 6.3), 127.0.0.0/8, ::1.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace api
