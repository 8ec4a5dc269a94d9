#include "proto/ws/origin.h"

#include <algorithm>
#include <cstddef>

#include "proto/http/field.h"
#include "proto/http/target.h"

namespace ws {
namespace {

using http::equals_ignoring_case;

// Of the schemes that pages have; empty for any other. Browser extensions and local files are
// nobody's "same", whatever they put behind their scheme.
std::string_view default_port(std::string_view scheme) {
  if (equals_ignoring_case(scheme, "http")) return ":80";
  if (equals_ignoring_case(scheme, "https")) return ":443";
  return {};
}

std::string_view without_port(std::string_view authority, std::string_view port) {
  // An empty port is no port (RFC 3986 3.2.3).
  for (const std::string_view ending : {port, std::string_view(":")}) {
    if (authority.ends_with(ending)) return authority.substr(0, authority.size() - ending.size());
  }
  return authority;
}

// The scheme is compared only where ours is known: behind a TLS-terminating proxy it often is not.
// Its default port is what an authority without a port means, on both sides.
bool is_same(std::string_view origin, std::string_view host, bool secure) {
  const std::size_t scheme_size = origin.find("://");
  if (scheme_size == std::string_view::npos) return false;  // "null", for one.
  const std::string_view scheme = origin.substr(0, scheme_size);
  const std::string_view port = default_port(scheme);
  if (port.empty() || (secure && port != ":443")) return false;
  const std::string_view authority = origin.substr(scheme_size + 3);
  if (!http::is_valid_authority(authority)) return false;
  return equals_ignoring_case(without_port(authority, port), without_port(host, port));
}

}  // namespace

bool is_origin_allowed(std::string_view origin, std::string_view host,
                       std::span<const std::string> allowed, bool secure) {
  return std::ranges::any_of(allowed, [&](std::string_view rule) {
    if (rule == "any") return true;
    if (rule == "same") return is_same(origin, host, secure);
    return equals_ignoring_case(origin, rule);
  });
}

}  // namespace ws
