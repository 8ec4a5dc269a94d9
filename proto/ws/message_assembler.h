// Puts frames together into messages: fragmentation (RFC 6455 section 5.4), the size limit over all
// fragments, UTF-8 (8.1), with control frames between fragments. Knows no frame header. A
// compressed message (RFC 7692) is put together as it came; its text is not looked at here.
//
// One buffer holds whatever could not be handed out as a view of the input, and nothing is kept per
// fragment, so a million empty fragments cost what one does:
//
//     |<------------- buffer_ ------------>|
//     | unfinished message | control frame |     control_size_ <= 125
//
// Owner: ws::Session.   Thread: its shard's.   Bound: message_size_max (or compressed_size_max() of
// it) + 125 bytes, and never more than twice what was received, whatever was announced; no heap
// memory while nothing is unfinished.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/ws/frame_decoder.h"  // FrameBegin, Bytes
#include "proto/ws/utf8.h"           // Utf8Validator

namespace ws {

class MessageAssembler {
 public:
  // A complete message, its text valid UTF-8 unless it is compressed, or a complete control frame.
  struct Finished {
    Opcode opcode;
    Bytes payload;  // Valid until release_finished(), and only as long as the last piece.
    bool compressed = false;
  };

  // Frees what the last Finished pointed to. Call before the next frame.
  void release_finished();

  // 5.4, and the size limit: decided from the header, before any payload is kept.
  [[nodiscard]] std::optional<Violation> begin_frame(const FrameBegin& frame,
                                                     std::uint64_t message_size_max);

  // A piece of the current frame that is not its last; `payload_left` bytes are still to come.
  [[nodiscard]] std::optional<Violation> add_piece(Bytes piece, std::uint64_t payload_left);

  // The last piece, possibly empty. A message or control frame that lies in `last_piece` alone is
  // handed out without a copy. NeedInput: it was a fragment, more must follow.
  [[nodiscard]] std::variant<NeedInput, Finished, Violation> end_frame(Bytes last_piece);

  // A message has begun and not ended.
  [[nodiscard]] bool in_message() const { return message_opcode_ != Opcode::kContinuation; }

  // Bytes held of what is not finished.
  [[nodiscard]] std::size_t buffered_size() const;

  // Forgets everything and frees the memory.
  void clear();

  // As in FrameDecoder. load() checks against `message_size_max` and against where the decoder
  // stands: inside a frame with `payload_left` bytes to come, or between two frames with 0.
  void save(std::string& to) const;
  [[nodiscard]] static std::optional<MessageAssembler> load(std::string_view& from,
                                                            std::uint64_t message_size_max,
                                                            std::uint64_t payload_left);

 private:
  enum class Release : std::uint8_t { kNothing, kControl, kMessage };

  // Whether the message is text that can be looked at as it comes.
  bool in_text() const { return message_opcode_ == Opcode::kText && !compressed_; }
  void append(ConstBytes piece, std::uint64_t payload_left);
  Finished end_control_frame(Bytes last_piece);
  Finished end_message(Bytes last_piece);
  bool is_consistent(std::uint64_t message_size_max, std::uint64_t payload_left) const;

  std::vector<std::byte> buffer_;
  Utf8Validator utf8_;
  Opcode message_opcode_ = Opcode::kContinuation;  // kContinuation: no message is unfinished.
  Opcode frame_opcode_ = Opcode::kContinuation;
  bool frame_fin_ : 1 = false;
  bool compressed_ : 1 = false;  // The unfinished message.
  std::uint8_t control_size_ = 0;
  Release release_ = Release::kNothing;
};

static_assert(sizeof(MessageAssembler) <= 32);

}  // namespace ws
