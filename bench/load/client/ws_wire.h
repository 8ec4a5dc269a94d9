// The client's side of RFC 6455, without I/O: opening handshake, masked frames out, a server's
// frames in. Written apart from proto/ on purpose: what judges the gateway must not share its
// mistakes.
//
// Owner: none (functions and values).   Thread: any.   Bound: one message in the caller's buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace load {

enum class Opcode : std::uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

struct ServerFrame {
  Opcode opcode;
  bool fin;
  bool compressed;                // Begins a message of permessage-deflate.
  std::span<const char> payload;  // Inside the caller's buffer.
};

enum class FrameFault : std::uint8_t { kNone, kMasked, kReservedBits };

struct FrameStep {
  std::optional<ServerFrame> frame;  // Nothing: incomplete, or a fault.
  FrameFault fault = FrameFault::kNone;
};

// Takes one whole frame off the front of `input`. With `deflate` permessage-deflate was agreed on,
// and the first frame of a message may have RSV1 (RFC 7692 section 6).
[[nodiscard]] FrameStep next_server_frame(std::span<const char>& input, bool deflate = false);

// Appends one masked, unfragmented frame.
void append_client_frame(std::string& out, Opcode opcode, std::string_view payload,
                         std::uint32_t masking_key);

// A fresh Sec-WebSocket-Key from 16 bytes, and what the server must answer to it (section 4.2.2).
[[nodiscard]] std::string handshake_key(std::span<const unsigned char, 16> nonce);
[[nodiscard]] std::string accept_for(std::string_view key);

// How an opening handshake was turned down.
struct Refusal {
  unsigned status = 0;                         // 0: the connection ended without an answer.
  std::optional<std::uint32_t> retry_after_s;  // As seconds; a date is not understood.
};

enum class HandshakeAnswer : std::uint8_t { kIncomplete, kAccepted, kRefused, kWrongExtension };

// Looks for a whole answer at the front of `input` and takes it off. Refused: another status than
// 101, or a wrong Sec-WebSocket-Accept. With `deflate` permessage-deflate was offered and must have
// been agreed on; without it no extension may have been.
[[nodiscard]] HandshakeAnswer read_handshake_answer(std::span<const char>& input,
                                                    std::string_view expected_accept,
                                                    bool deflate = false);

// What a refused answer says. Of anything else the status is 0.
[[nodiscard]] Refusal read_refusal(std::span<const char> input);

}  // namespace load
