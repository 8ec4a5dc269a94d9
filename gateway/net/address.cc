#include "gateway/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace net {

Address Address::from(const sockaddr_storage& storage) {
  Address address;
  address.family = storage.ss_family;
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    address.port = ntohs(v4.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    address.port = ntohs(v6.sin6_port);
  }
  return address;
}

proxy::IpAddress ip_of(const Address& address) {
  return address.family == AF_INET ? proxy::IpAddress::v4(std::span(address.bytes).first<4>())
                                   : proxy::IpAddress::v6(address.bytes);
}

Address address_of(const proxy::Endpoint& endpoint) {
  Address address;
  address.port = endpoint.port;
  address.family = endpoint.ip.is_v4() ? AF_INET : AF_INET6;
  if (endpoint.ip.is_v4()) {
    std::ranges::copy(std::span(endpoint.ip.bytes).last<4>(), address.bytes.begin());
  } else {
    address.bytes = endpoint.ip.bytes;
  }
  return address;
}

std::string to_string(const Address& address) {
  if (!has_ip(address)) return "local";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family, address.bytes.data(), text.data(), text.size());
  if (address.port == 0) return text.data();
  return address.family == AF_INET ? fmt::format("{}:{}", text.data(), address.port)
                                   : fmt::format("[{}]:{}", text.data(), address.port);
}

}  // namespace net
