// The test pages and the browser client, as they stand in gateway/web/pages/, embedded into the
// binary at build time (embed.cmake writes the table). Static storage: views are valid for ever.
//
// Owner: the program image.   Thread: any (immutable).   Bound: fixed at build time.
#pragma once

#include <span>
#include <string_view>

namespace web {

struct Asset {
  std::string_view path;          // Request path, exactly: "/", "/longconnecthtml", "/chat.html".
  std::string_view content_type;  // With its charset.
  std::string_view body;
  std::string_view etag;  // Strong, with its quotes; changes with the body.
};

// To be sent as Content-Security-Policy with every asset. The pages need nothing but themselves and
// WebSockets to the host that served them; scripts and styles stand in their own files.
// `ws:` and `wss:` are named since older browsers do not count them as 'self'.
inline constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// The asset served at `path` (without the query), or nullptr.
[[nodiscard]] const Asset* find_asset(std::string_view path);

// All of them, sorted by path.
[[nodiscard]] std::span<const Asset> assets();

}  // namespace web
