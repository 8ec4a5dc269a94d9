// IP addresses and networks as plain values: what proxies tell about a client, what settings name,
// and what connections are counted by. An IPv4 address is kept in its IPv6 form (::ffff:a.b.c.d,
// RFC 4291 2.5.5.2), so that a socket for both families and one for IPv4 tell the same peer.
//
// Owner: plain values.   Thread: any.   Bound: fixed size; parsing is linear in the text.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

namespace proxy {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress v4(std::span<const std::uint8_t, 4> octets);
  static IpAddress v6(std::span<const std::uint8_t, 16> octets);
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_loopback() const;     // 127.0.0.0/8, ::1.
  [[nodiscard]] bool is_unspecified() const;  // 0.0.0.0, ::.
  // The first `bits` of it; the others are zero.
  [[nodiscard]] IpAddress prefix(std::uint8_t bits) const;

  bool operator==(const IpAddress&) const = default;
};

struct Endpoint {
  IpAddress ip;
  std::uint16_t port = 0;  // 0: not told.

  bool operator==(const Endpoint&) const = default;
};

struct Network {
  IpAddress first;
  std::uint8_t bits = 128;  // Of the IPv6 form: an IPv4 /8 is 104.

  [[nodiscard]] bool contains(const IpAddress& ip) const { return ip.prefix(bits) == first; }
};

[[nodiscard]] bool contains(std::span<const Network> networks, const IpAddress& ip);

// "192.0.2.1", "2001:db8::1"; no brackets, no zone, no leading zeros in IPv4.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);

// An address, perhaps in brackets, perhaps with a port: "192.0.2.1:80", "[2001:db8::1]:80",
// "2001:db8::1".
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

// "10.0.0.0/8", "2001:db8::/32", or one address. The error says what is wrong, without the text.
[[nodiscard]] std::expected<Network, std::string_view> parse_network(std::string_view text);

}  // namespace proxy
