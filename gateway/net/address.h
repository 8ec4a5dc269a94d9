// A peer's or listener's address in 20 bytes, IPv4 or IPv6.
//
// Owner: plain value.   Thread: any.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "proto/proxy/ip_address.h"

namespace net {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four.
  std::uint16_t port = 0;                // Host byte order.
  std::uint16_t family = AF_UNSPEC;

  bool operator==(const Address&) const = default;
  static Address from(const sockaddr_storage& storage);
};

// False: a socket without an address, such as one of a pair.
[[nodiscard]] inline bool has_ip(const Address& address) {
  return address.family == AF_INET || address.family == AF_INET6;
}
// Of one that has_ip(); an IPv4 client of a socket for both is the IPv4 client.
[[nodiscard]] proxy::IpAddress ip_of(const Address& address);
[[nodiscard]] Address address_of(const proxy::Endpoint& endpoint);

// "192.0.2.1:80", "[2001:db8::1]:80"; without the port where it is not known (0); "local" for a
// socket without an address.
std::string to_string(const Address& address);

}  // namespace net
