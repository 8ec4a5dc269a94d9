#include "proto/proxy/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace proxy {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::uint8_t kMappedBits = 96;

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the end is given.
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return number;
}

}  // namespace

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> octets) {
  IpAddress ip;
  std::ranges::copy(kMapped, ip.bytes.begin());
  std::ranges::copy(octets, ip.bytes.begin() + kMapped.size());
  return ip;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> octets) {
  IpAddress ip;
  std::ranges::copy(octets, ip.bytes.begin());
  return ip;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  constexpr IpAddress kLoopback6{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return is_v4() ? bytes[12] == 127 : *this == kLoopback6;
}

bool IpAddress::is_unspecified() const {
  return *this == IpAddress{} || *this == v4(std::array<std::uint8_t, 4>{});
}

IpAddress IpAddress::prefix(std::uint8_t bits) const {
  IpAddress masked = *this;
  for (std::size_t i = 0; i < masked.bytes.size(); ++i) {
    const int kept = std::clamp(static_cast<int>(bits) - static_cast<int>(8 * i), 0, 8);
    masked.bytes[i] &= static_cast<std::uint8_t>(0xFF00U >> kept);
  }
  return masked;
}

bool contains(std::span<const Network> networks, const IpAddress& ip) {
  return std::ranges::any_of(networks, [&](const Network& n) { return n.contains(ip); });
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET6, terminated.data(), octets.data()) == 1) return IpAddress::v6(octets);
  if (inet_pton(AF_INET, terminated.data(), octets.data()) == 1) {
    return IpAddress::v4(std::span(octets).first<4>());
  }
  return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (host.find(':') == host.npos) return std::nullopt;
  } else if (std::ranges::count(text, ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
  }
  const auto ip = parse_ip(host);
  if (!ip) return std::nullopt;
  if (port.empty()) return Endpoint{.ip = *ip};
  const auto number = port.starts_with(':') ? parse_number<std::uint16_t>(port.substr(1))
                                            : std::optional<std::uint16_t>();
  if (!number) return std::nullopt;
  return Endpoint{.ip = *ip, .port = *number};
}

std::expected<Network, std::string_view> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const auto ip = parse_ip(address);
  if (!ip) return std::unexpected("must be an address or a network such as 10.0.0.0/8 or ::1");
  if (slash == text.npos) return Network{.first = *ip};
  const bool dotted = address.find(':') == address.npos;
  const auto bits = parse_number<std::uint8_t>(text.substr(slash + 1));
  if (!bits || *bits > (dotted ? 32 : 128)) {
    return std::unexpected(dotted ? "must have a prefix length from 0 to 32 after the '/'"
                                  : "must have a prefix length from 0 to 128 after the '/'");
  }
  const Network network{.first = *ip,
                        .bits = static_cast<std::uint8_t>(*bits + (dotted ? kMappedBits : 0))};
  if (!network.contains(*ip)) return std::unexpected("has bits set behind its prefix");
  return network;
}

}  // namespace proxy
