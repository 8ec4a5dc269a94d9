// HOST:PORT as written in settings: "127.0.0.1:8080", "[::1]:8080", "redis.internal:6379".
// Resolves nothing; reads no system database.
//
// Owner: a plain value.   Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace config {

struct HostPort {
  std::string host;  // Without brackets. "localhost" is read as 127.0.0.1.
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

// The error says what is wrong in words that follow the value's name, without the value itself.
[[nodiscard]] std::expected<HostPort, std::string> parse_host_port(std::string_view text);

// "[::1]:8080" and the like: what parse_host_port() reads back.
[[nodiscard]] std::string to_string(const HostPort& address);

// True for IPv4 and IPv6 addresses in numbers: what can be bound without a name look-up.
[[nodiscard]] bool is_numeric(const HostPort& address);

// True for 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104. A name is never taken for loopback: who
// answers for it is not ours to know.
[[nodiscard]] bool is_loopback(const HostPort& address);

// True for 0.0.0.0 and :: (every address of the machine).
[[nodiscard]] bool is_wildcard(const HostPort& address);

}  // namespace config
