#include "proto/ws/origin.h"

#include <algorithm>
#include <cstddef>

#include "proto/http/field.h"
#include "proto/http/target.h"

namespace ws {
namespace {

using http::equals_ignoring_case;

std::string_view default_port(std::string_view scheme) {
  if (equals_ignoring_case(scheme, "http")) return ":80";
  if (equals_ignoring_case(scheme, "https")) return ":443";
  return ":";  // An empty port is no port (RFC 3986 3.2.3), whatever the scheme.
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
  for (const std::string_view port : {default_port(scheme), std::string_view(":")}) {
    if (authority.ends_with(port)) return authority.substr(0, authority.size() - port.size());
  }
  return authority;
}

// The scheme is left out of the comparison: behind a TLS-terminating proxy we do not know ours. Its
// default port is what an authority without a port means, on both sides.
bool is_same(std::string_view origin, std::string_view host) {
  const std::size_t scheme_size = origin.find("://");
  if (scheme_size == std::string_view::npos) return false;  // "null", for one.
  const std::string_view scheme = origin.substr(0, scheme_size);
  const std::string_view authority = origin.substr(scheme_size + 3);
  if (!http::is_valid_authority(authority)) return false;
  return equals_ignoring_case(without_default_port(authority, scheme),
                              without_default_port(host, scheme));
}

}  // namespace

bool is_origin_allowed(std::string_view origin, std::string_view host,
                       std::span<const std::string> allowed) {
  return std::ranges::any_of(allowed, [&](std::string_view rule) {
    if (rule == "any") return true;
    if (rule == "same") return is_same(origin, host);
    return equals_ignoring_case(origin, rule);
  });
}

}  // namespace ws
