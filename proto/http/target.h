// The request target (RFC 9112 section 3.2) and what names a host in it or in Host.
#pragma once

#include <optional>
#include <string_view>

namespace http {

struct Target {
  std::string_view authority;  // Empty in origin-form.
  std::string_view path;       // Starts with "/".
  std::string_view query;
};

// Origin-form ("/path?query") or absolute-form ("http://host/path", also https, ws and wss). Empty
// for anything else: "*", authority-form, a fragment, user information, bytes that are not visible
// ASCII. Nothing is decoded or normalised.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

// RFC 3986 3.2: a name, an IPv4 address or an IP literal in brackets, and perhaps a port. Not
// empty, no user information.
[[nodiscard]] bool is_valid_authority(std::string_view authority);

}  // namespace http
