// Whose request it is when it came through HTTP proxies: X-Forwarded-For and its relatives, or
// Forwarded (RFC 7239). Each proxy appends the address it was called from, so the list is read from
// its right end, and believed as far as the proxies that we trust reach: the rightmost address that
// is none of theirs is the client. What stands left of it was sent by the client and means nothing.
//
// Only for requests whose peer is trusted; that is the caller's to know.
//
// Owner: free functions over views.   Thread: any.   Bound: linear in the head; kHopsMax hops.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "proto/http/request_head.h"
#include "proto/proxy/ip_address.h"

namespace proxy {

// More hops than any chain of proxies has: what lies farther left is not looked at.
inline constexpr std::size_t kHopsMax = 64;

struct Forwarded {
  std::optional<Endpoint> client;  // Nothing: not told, or not as an address.
  std::string_view host;           // As the client's request had it. Empty: not told.
  bool secure = false;             // The client speaks TLS to the first proxy, as far as is told.
};

// X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto. Of the last two, which have no hops, the
// rightmost value counts.
[[nodiscard]] Forwarded read_x_forwarded(const http::RequestHead& head,
                                         std::span<const Network> trusted);

// Forwarded: host and proto are those of the hop that names the client.
[[nodiscard]] Forwarded read_forwarded(const http::RequestHead& head,
                                       std::span<const Network> trusted);

}  // namespace proxy
