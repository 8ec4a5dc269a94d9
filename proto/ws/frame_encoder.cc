#include "proto/ws/frame_encoder.h"

#include <array>

#include "proto/base/assert.h"
#include "proto/base/bytes.h"

namespace ws {
namespace {

void append_frame_header(std::string& out, Opcode opcode, std::uint64_t payload_size) {
  std::array<std::byte, kFrameHeaderSizeMax> header;
  const std::size_t size = encode_frame_header(opcode, payload_size, header.data());
  out.append(dunlin::as_string_view(dunlin::ConstBytes(header).first(size)));
}

// The longest beginning of `reason` that fits and does not end inside a character.
std::string_view fitting(std::string_view reason) {
  if (reason.size() <= kCloseReasonSizeMax) return reason;
  std::size_t size = kCloseReasonSizeMax;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) --size;
  return reason.substr(0, size);
}

}  // namespace

void append_frame(std::string& out, Opcode opcode, dunlin::ConstBytes payload) {
  DUNLIN_ASSERT(!is_control(opcode) || payload.size() <= kControlPayloadSizeMax);
  append_frame_header(out, opcode, payload.size());
  out.append(dunlin::as_string_view(payload));
}

void append_close_frame(std::string& out, CloseCode code, std::string_view reason) {
  if (code == CloseCode::kNoStatus) {
    append_frame_header(out, Opcode::kClose, 0);
    return;
  }
  const auto code_value = static_cast<std::uint16_t>(code);
  DUNLIN_ASSERT(is_valid_on_wire(code_value));
  const std::string_view fits = fitting(reason);
  std::array<std::byte, 2> code_bytes;
  dunlin::store_big_endian(code_bytes.data(), code_value);
  append_frame_header(out, Opcode::kClose, code_bytes.size() + fits.size());
  out.append(dunlin::as_string_view(code_bytes));
  out.append(fits);
}

}  // namespace ws
