// Every rule of RFC 6455 and RFC 7692 that a client can break after the opening handshake, one
// enumerator each, and what follows from it: the status code to fail the connection with (7.1.7),
// the section to quote, the name for metrics and logs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/ws/close_code.h"  // CloseCode

namespace ws {

enum class Violation : std::uint8_t {
  kReservedBit,             // RSV1-3 set though no extension gave it a meaning.
  kReservedOpcode,          // Opcode 3-7 or 11-15.
  kUnmasked,                // A client's frame without a mask.
  kControlFragmented,       // A control frame without FIN.
  kControlTooLong,          // A control frame of more than 125 bytes.
  kLengthNotMinimal,        // A length written in more bytes than it needs.
  kLengthTopBit,            // A 64-bit length with the most significant bit set.
  kFrameTooBig,             // One frame announces more than a message may have.
  kMessageTooBig,           // The fragments of a message sum up to more than it may have.
  kContinuationUnexpected,  // A continuation frame where no message is unfinished.
  kContinuationExpected,    // A new message before the last fragment of the one before.
  kInvalidUtf8,             // A text message that is not UTF-8.
  kClosePayloadSize,        // A Close payload of one byte: half a status code.
  kCloseCode,               // A status code that must not be sent.
  kCloseReasonUtf8,         // A Close reason that is not UTF-8.
  kInflatedTooBig,          // A compressed message that inflates to more than it may have.
  kDeflateCorrupt,          // A compressed message that does not inflate.
  kDeflateBlocks,           // A compressed message of far more blocks than text.
};

inline constexpr std::size_t kViolationCount = 18;

[[nodiscard]] CloseCode close_code_for(Violation violation);
[[nodiscard]] std::string_view section_of(Violation violation);  // For example "5.5".
[[nodiscard]] std::string_view name_of(Violation violation);     // For example "control_too_long".

}  // namespace ws
