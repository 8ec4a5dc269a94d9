// A client's frame, for benchmarks that read them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/masking.h"

namespace bench {

inline std::string client_frame(ws::Opcode opcode, std::string_view payload) {
  constexpr std::array<std::byte, 4> kKey = {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                                             std::byte{0x3d}};
  std::array<std::byte, ws::kFrameHeaderSizeMax> header;
  const std::size_t size = ws::encode_frame_header(opcode, payload.size(), header.data());
  header[1] |= std::byte{0x80};
  std::string masked(payload);
  ws::unmask(std::as_writable_bytes(std::span(masked)), ws::MaskingKey(kKey));
  std::string frame(dunlin::as_string_view(dunlin::ConstBytes(header).first(size)));
  return frame.append(dunlin::as_string_view(kKey)).append(masked);
}

}  // namespace bench
