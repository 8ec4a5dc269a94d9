// A peer's or listener's address in 20 bytes, IPv4 or IPv6.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

namespace net {

struct Address {
  std::array<std::uint8_t, 16> bytes{};  // IPv4: the first four.
  std::uint16_t port = 0;                // Host byte order.
  std::uint16_t family = AF_UNSPEC;

  static Address from(const sockaddr_storage& storage);
};

// "192.0.2.1:80", "[2001:db8::1]:80"; "local" for a socket without an address.
std::string to_string(const Address& address);

}  // namespace net
