#include "gateway/config/text_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "gateway/config/host_port.h"
#include "proto/base/ascii.h"
#include "proto/proxy/ip_address.h"

namespace config {
namespace {

// 128 bits as hexadecimal digits would be 32; 16 is where guessing over a network stops to be a
// plan.
constexpr std::size_t kKeySizeMin = 16;
constexpr std::size_t kKeySizeMax = 512;
constexpr std::size_t kProfileNameSizeMax = 64;

using dunlin::is_control;

using Complaint = std::optional<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || is_upper(c); }
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

// RFC 3986 unreserved characters: a name or path made of them is the same with and without
// percent-encoding, so what is compared is what was written.
bool is_unreserved(char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

Complaint check_listen(std::string_view text) {
  const auto address = parse_host_port(text);
  if (!address) return address.error();
  if (!is_numeric(*address)) return "must start with an address, not a name";
  return std::nullopt;
}

// A key travels in a header, so it is visible ASCII.
Complaint check_key(std::string_view text) {
  if (text.size() < kKeySizeMin || text.size() > kKeySizeMax) {
    return fmt::format("a key must have {} to {} characters, not {}", kKeySizeMin, kKeySizeMax,
                       text.size());
  }
  if (!std::ranges::all_of(text, is_visible)) return "a key must be ASCII without spaces";
  return std::nullopt;
}

Complaint check_path(std::string_view text) {
  if (!text.starts_with('/')) return "must start with '/'";
  const auto is_allowed = [](char c) { return is_unreserved(c) || c == '/'; };
  if (!std::ranges::all_of(text, is_allowed)) return "may hold letters, digits, and / - . _ ~";
  return std::nullopt;
}

Complaint check_parameter(std::string_view text) {
  if (std::ranges::all_of(text, is_unreserved)) return std::nullopt;
  return "may hold letters, digits, and - . _ ~";
}

Complaint check_channel(std::string_view text) {
  if (std::ranges::none_of(text, is_control)) return std::nullopt;
  return "must not hold control characters";
}

Complaint check_channel_pattern(std::string_view text) {
  const auto star = text.find('*');
  if (star != std::string_view::npos && star + 1 != text.size()) {
    return "may have a '*' at its end only";
  }
  return check_channel(text);
}

Complaint check_key_file(std::string_view text) {
  if (text.empty() || text.ends_with(':')) return "must name a file";
  return check_channel(text);
}

Complaint check_claim(std::string_view text) {
  if (text.empty()) return "must not be empty";
  return check_channel(text);
}

// RFC 6454 section 6.2: browsers send scheme://host[:port] in lower case, without a path.
Complaint check_origin(std::string_view text) {
  if (text == "same" || text == "any" || text == "null") return std::nullopt;
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) {
    return "must be \"same\", \"any\", or an origin such as https://example.org";
  }
  const auto host = text.substr(separator + 3);
  if (host.find('/') != std::string_view::npos) return "must end after the host or port";
  const auto is_allowed = [](char c) { return is_visible(c) && !is_upper(c); };
  if (!std::ranges::all_of(text, is_allowed)) return "must be in lower case, without spaces";
  if (separator == 0 || host.empty()) return "must have a scheme and a host";
  return std::nullopt;
}

Complaint check_file(std::string_view text) {
  if (std::ranges::any_of(text, is_control)) return "must not have control characters";
  return std::nullopt;
}

Complaint check_network(std::string_view text) {
  const auto network = proxy::parse_network(text);
  if (network) return std::nullopt;
  return std::string(network.error());
}

// Compared without regard to case and port: given in lower case, without one.
Complaint check_host(std::string_view text) {
  const auto is_allowed = [](char c) { return is_unreserved(c) && !is_upper(c); };
  const bool name = !text.empty() && std::ranges::all_of(text, is_allowed);
  const bool literal = text.size() > 2 && text.starts_with('[') && text.ends_with(']') &&
                       proxy::parse_ip(text.substr(1, text.size() - 2));
  if (name || literal) return std::nullopt;
  return "must be a host name in lower case, an address ([::1] in brackets), or \"any\"; no port";
}

Complaint check_profile_name(std::string_view text) {
  const auto is_allowed = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; };
  if (text.empty() || text.size() > kProfileNameSizeMax || !std::ranges::all_of(text, is_allowed)) {
    return fmt::format("a profile's name must have 1 to {} of a-z, 0-9, '-' and '_'",
                       kProfileNameSizeMax);
  }
  return std::nullopt;
}

}  // namespace config
