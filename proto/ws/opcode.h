// The opcodes of RFC 6455, section 5.2. The other ten values are reserved.
#pragma once

#include <cstdint>

namespace ws {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// 5.5: control frames have the most significant bit of the opcode set.
[[nodiscard]] constexpr bool is_control(Opcode opcode) {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

[[nodiscard]] constexpr bool is_known_opcode(std::uint8_t value) {
  return value <= 2 || (value >= 8 && value <= 10);
}

}  // namespace ws
