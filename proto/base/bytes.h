// Spans of bytes, and the big-endian integers that RFC 6455 and our own records are written in.
// Does no I/O and allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace dunlin {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

// "Not yet": all input is consumed and there is nothing to report. A step of every decoder here,
// never an error.
struct NeedInput {};

inline ConstBytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string_view as_string_view(ConstBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Takes `size` bytes off the front of `bytes`, which must have them.
template <typename Byte>
[[nodiscard]] constexpr std::span<Byte> take_front(std::span<Byte>& bytes, std::size_t size) {
  const std::span<Byte> front = bytes.first(size);
  bytes = bytes.subspan(size);
  return front;
}

// `from` must point to sizeof(Integer) readable bytes, at any alignment.
template <typename Integer>
[[nodiscard]] constexpr Integer load_big_endian(const std::byte* from) {
  static_assert(std::is_unsigned_v<Integer>);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = (value << 8) | std::to_integer<std::uint64_t>(from[i]);
  }
  return static_cast<Integer>(value);
}

// `to` must point to sizeof(Integer) writable bytes, at any alignment.
template <typename Integer>
constexpr void store_big_endian(std::byte* to, Integer value) {
  static_assert(std::is_unsigned_v<Integer>);
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    to[i] = static_cast<std::byte>(value & 0xff);
    value = static_cast<Integer>(static_cast<std::uint64_t>(value) >> 8);
  }
}

}  // namespace dunlin
