// Writes RFC 6455 frames as a server does: unmasked (5.1). The only place that writes a frame
// header.
//
//    0                   1                   2                   3        (section 5.2)
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   |F|R|R|R| opcode|M| payload len |   extended payload length     |
//   |I|S|S|S|  (4)  |A|     (7)     |   16 bits if payload len==126 |
//   |N|V|V|V|       |S|             |   64 bits if payload len==127 |
//   | |1|2|3|       |K|             |                               |
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   |  masking key, 4 bytes, from clients only  |   payload ...     |
//   +-------------------------------------------+-------------------+
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"     // ConstBytes, store_big_endian()
#include "proto/ws/close_code.h"  // CloseCode
#include "proto/ws/opcode.h"      // Opcode

namespace ws {

inline constexpr std::size_t kFrameHeaderSizeMax = 10;      // 2 + 8: a server's frames have no key.
inline constexpr std::size_t kControlPayloadSizeMax = 125;  // 5.5
inline constexpr std::size_t kCloseReasonSizeMax = kControlPayloadSizeMax - 2;  // 5.5.1

// Writes at most kFrameHeaderSizeMax bytes to `out` and returns how many.
inline std::size_t encode_frame_header(Opcode opcode, std::uint64_t payload_size, std::byte* out,
                                       bool fin = true, bool rsv1 = false) {
  out[0] = static_cast<std::byte>((fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | static_cast<int>(opcode));
  if (payload_size < 126) {
    out[1] = static_cast<std::byte>(payload_size);
    return 2;
  }
  if (payload_size <= 0xffff) {
    out[1] = std::byte{126};
    dunlin::store_big_endian(out + 2, static_cast<std::uint16_t>(payload_size));
    return 4;
  }
  out[1] = std::byte{127};
  dunlin::store_big_endian(out + 2, payload_size);
  return 10;
}

// A whole unfragmented frame. A control frame's payload must fit (kControlPayloadSizeMax).
void append_frame(std::string& out, Opcode opcode, dunlin::ConstBytes payload);

// A Close frame. `code` must be valid on the wire, for instance CloseCode{4001}, or kNoStatus,
// which writes no payload at all. `reason` must be UTF-8; what is past kCloseReasonSizeMax is cut
// off, at a character.
void append_close_frame(std::string& out, CloseCode code, std::string_view reason);

}  // namespace ws
