#include "bench/load/net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace load {
namespace {

// Half of the default port range: the rest is in TIME_WAIT or belongs to others.
constexpr std::size_t kPortsPerSource = 14'000;

std::string address_of(std::uint32_t host_order) {
  return fmt::format("{}.{}.{}.{}:0", host_order >> 24, host_order >> 16 & 255,
                     host_order >> 8 & 255, host_order & 255);
}

std::expected<std::uint32_t, std::string> parse_v4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return std::unexpected(fmt::format("'{}' is not an IPv4 address", text));
  }
  return ntohl(address.s_addr);
}

std::string host_of(const std::string& text) {
  std::string host = text.substr(0, text.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

std::string Address::host() const { return host_of(text_); }

std::expected<Address, std::string> Address::resolve(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::unexpected(fmt::format("'{}' has no port", text));
  const std::string host = host_of(text);

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found);
  if (error != 0) return std::unexpected(fmt::format("'{}': {}", text, gai_strerror(error)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, &freeaddrinfo);

  Address address;
  std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
  address.size_ = found->ai_addrlen;
  address.text_ = text;
  return address;
}

bool Address::is_loopback_v4() const {
  if (storage_.ss_family != AF_INET) return false;
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage_);
  return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

std::expected<std::vector<Address>, std::string> parse_sources(const std::string& text) {
  std::vector<Address> sources;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string item = text.substr(begin, end - begin);
    begin = end + 1;
    const auto dash = item.find('-');
    const auto first = parse_v4(item.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_v4(item.substr(dash + 1));
    if (!first) return std::unexpected(first.error());
    if (!last) return std::unexpected(last.error());
    for (std::uint32_t host = *first; host <= *last && sources.size() < kSourcesMax; ++host) {
      sources.push_back(Address::resolve(address_of(host)).value());
    }
  }
  return sources;
}

std::vector<Address> default_sources(const Address& target, std::size_t connections) {
  std::vector<Address> sources;
  if (!target.is_loopback_v4()) return sources;
  const std::size_t count = std::clamp<std::size_t>(connections / kPortsPerSource + 1, 1, 250);
  for (std::uint32_t i = 1; i <= count; ++i) {
    sources.push_back(Address::resolve(address_of(0x7F000100 + i)).value());
  }
  return sources;
}

int start_connect(const Address& target, const Address* source, int receive_buffer_size) {
  const int fd = socket(target.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer_size > 0) {  // Before connect: the window is offered with the SYN.
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_size, sizeof receive_buffer_size);
  }
  if (source != nullptr) {
    // The port is chosen at connect, when the whole four-tuple is known; at bind it would have to
    // be free towards every server.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, source->get(), source->size()) != 0) {
      const int error = errno;
      close(fd);
      return -error;
    }
  }
  if (connect(fd, target.get(), target.size()) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

}  // namespace load
