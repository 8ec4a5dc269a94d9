// The message that is there in one piece: one final, uncompressed text or binary frame, header and
// payload complete in the input. Nearly all messages come so, and reading them needs no state; what
// is anything else, or at fault, is left to FrameDecoder and MessageAssembler, which find the same
// in every other cut.
//
// Owner: free functions.   Thread: any.   Bound: none of its own; the payload is a view.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/ws/opcode.h"

namespace ws {

struct WholeMessage {
  Opcode opcode;
  dunlin::Bytes payload;  // In the input; unmasked, not looked at yet.
};

// Takes such a message off the front of `input`, which must stand between two messages. Nothing,
// and no byte touched: it is not of this kind.
[[nodiscard]] std::optional<WholeMessage> take_whole_message(dunlin::Bytes& input,
                                                             std::uint64_t size_max);

}  // namespace ws
