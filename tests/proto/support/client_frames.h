// Frames as a client writes them: masked (RFC 6455 section 5.3).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/ws/close_code.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/masking.h"
#include "proto/ws/opcode.h"

namespace testing_support {

struct FrameShape {
  bool fin = true;
  bool rsv1 = false;
  std::array<std::byte, 4> key = {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                                  std::byte{0x3d}};
};

inline std::string client_frame(ws::Opcode opcode, std::string_view payload,
                                const FrameShape& shape = {}) {
  std::array<std::byte, ws::kFrameHeaderSizeMax> header;
  const std::size_t header_size =
      ws::encode_frame_header(opcode, payload.size(), header.data(), shape.fin, shape.rsv1);
  header[1] |= std::byte{0x80};
  std::string frame(dunlin::as_string_view(dunlin::ConstBytes(header).first(header_size)));
  frame.append(dunlin::as_string_view(shape.key));
  std::string masked(payload);
  ws::unmask_plain(std::as_writable_bytes(std::span(masked)), ws::MaskingKey(shape.key));
  return frame + masked;
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xff));
  payload.append(reason);
  return payload;
}

}  // namespace testing_support
