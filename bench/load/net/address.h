// Where to connect to, and from: a target address and the local addresses that are used in turn,
// because one local address has only some 28,000 ports towards one server.
//
// Owner: whoever holds the value.   Thread: any (immutable after set-up).   Bound: kSourcesMax.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace load {

class Address {
 public:
  // "127.0.0.1:8080", "[::1]:8080" or "localhost:8080"; the error says what is wrong.
  static std::expected<Address, std::string> resolve(const std::string& text);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  [[nodiscard]] bool is_loopback_v4() const;
  [[nodiscard]] const std::string& text() const { return text_; }  // As given: the Host field.
  [[nodiscard]] std::string host() const;  // … without the port, and "::1" without its brackets.

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
  std::string text_;
};

inline constexpr std::size_t kSourcesMax = 4'096;

// "127.0.1.1-127.0.1.32" or "10.0.0.5,10.0.0.6": local addresses, with port 0.
std::expected<std::vector<Address>, std::string> parse_sources(const std::string& text);

// For a loopback target as many 127.0.1.x as `connections` need; none (the kernel chooses) else.
std::vector<Address> default_sources(const Address& target, std::size_t connections);

// Starts a non-blocking connect, from `source` unless null, with a receive buffer of that size
// unless 0. Returns the descriptor, or the negated errno.
int start_connect(const Address& target, const Address* source, int receive_buffer_size);

}  // namespace load
