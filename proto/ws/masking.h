// Unmasking of client payload, RFC 6455 section 5.3: byte i is XORed with byte i mod 4 of the key.
// Works in place, at any alignment, in any cut, and touches no byte outside the span.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "proto/base/bytes.h"  // Bytes

namespace ws {

// The four key bytes in the order in which they meet the payload. Rotating the key past the bytes
// already unmasked lets a payload arrive in pieces.
class MaskingKey {
 public:
  constexpr MaskingKey() = default;
  constexpr explicit MaskingKey(std::array<std::byte, 4> bytes)
      : word_(std::bit_cast<std::uint32_t>(bytes)) {}

  [[nodiscard]] constexpr std::array<std::byte, 4> bytes() const {
    return std::bit_cast<std::array<std::byte, 4>>(word_);
  }

  // The key as it stands in memory, for wide loops.
  [[nodiscard]] constexpr std::uint32_t word() const { return word_; }

  // The key whose first byte unmasks the byte `size` places further on.
  [[nodiscard]] constexpr MaskingKey rotated(std::uint64_t size) const {
    const int bits = static_cast<int>(size % 4) * 8;
    MaskingKey key;
    key.word_ = std::endian::native == std::endian::little ? std::rotr(word_, bits)
                                                           : std::rotl(word_, bits);
    return key;
  }

  friend constexpr bool operator==(MaskingKey, MaskingKey) = default;

 private:
  std::uint32_t word_ = 0;
};

// The first byte of `payload` meets the first byte of `key`.
void unmask(dunlin::Bytes payload, MaskingKey key);

// The same, one byte at a time: what the RFC says, and what unmask() is tested against.
void unmask_plain(dunlin::Bytes payload, MaskingKey key);

}  // namespace ws
