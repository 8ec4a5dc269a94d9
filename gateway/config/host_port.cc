#include "gateway/config/host_port.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "proto/proxy/ip_address.h"

namespace config {
namespace {

constexpr std::size_t kHostSizeMax = 253;  // RFC 1035: the longest name there can be.

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

// "10.0.0" and "1.2.3.4.5" are slips of the pen, not names: a name's last label is never a number.
bool looks_like_ipv4(std::string_view host) {
  const auto last_label = host.substr(host.rfind('.') + 1);
  return !last_label.empty() &&
         std::ranges::all_of(last_label, [](char c) { return c >= '0' && c <= '9'; });
}

std::expected<std::uint16_t, std::string> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, error] = std::from_chars(begin, end, port);
  if (error != std::errc{} || rest != end) {
    return std::unexpected("must end in a port from 0 to 65535");
  }
  return port;
}

std::expected<std::string, std::string> parse_bracketed_host(std::string_view text) {
  if (text.find(':') == std::string_view::npos || !proxy::parse_ip(text)) {
    return std::unexpected("must hold an IPv6 address between the brackets");
  }
  return std::string(text);
}

std::expected<std::string, std::string> parse_plain_host(std::string_view text) {
  if (text.empty()) {
    return std::unexpected("must start with a host; 0.0.0.0 or [::] stands for every address");
  }
  if (text.find(':') != std::string_view::npos) {
    return std::unexpected("must have brackets around an IPv6 address: [ADDRESS]:PORT");
  }
  if (text.size() > kHostSizeMax || !std::ranges::all_of(text, is_name_character)) {
    return std::unexpected("must start with an address or a host's name");
  }
  std::string host(text == "localhost" ? "127.0.0.1" : text);
  if (looks_like_ipv4(host) && !proxy::parse_ip(host)) {
    return std::unexpected("must start with an IPv4 address of four numbers from 0 to 255");
  }
  return host;
}

}  // namespace

std::expected<HostPort, std::string> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon == std::string_view::npos || (bracketed && (colon < 2 || text[colon - 1] != ']'))) {
    return std::unexpected("must be HOST:PORT or [IPV6]:PORT");
  }
  auto host = bracketed ? parse_bracketed_host(text.substr(1, colon - 2))
                        : parse_plain_host(text.substr(0, colon));
  if (!host) return std::unexpected(host.error());
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::unexpected(port.error());
  return HostPort{.host = *host, .port = *port};
}

std::string to_string(const HostPort& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]:" : address.host + ":") + std::to_string(address.port);
}

bool is_numeric(const HostPort& address) { return proxy::parse_ip(address.host).has_value(); }

bool is_loopback(const HostPort& address) {
  const auto ip = proxy::parse_ip(address.host);
  return ip && ip->is_loopback();
}

bool is_wildcard(const HostPort& address) {
  const auto ip = proxy::parse_ip(address.host);
  return ip && ip->is_unspecified();
}

}  // namespace config
