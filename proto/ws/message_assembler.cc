#include "proto/ws/message_assembler.h"

#include <algorithm>
#include <limits>

#include "proto/base/assert.h"
#include "proto/base/record.h"

namespace ws {

void MessageAssembler::release_finished() {
  if (release_ == Release::kNothing) return;
  if (release_ == Release::kMessage) buffer_.clear();
  if (release_ == Release::kControl) buffer_.resize(buffer_.size() - control_size_);
  release_ = Release::kNothing;
  control_size_ = 0;
  if (buffer_.empty()) std::vector<std::byte>().swap(buffer_);  // "= {}" would keep the memory.
}

std::optional<Violation> MessageAssembler::begin_frame(const FrameBegin& frame,
                                                       std::uint64_t message_size_max) {
  DUNLIN_ASSERT(release_ == Release::kNothing);
  frame_opcode_ = frame.opcode;
  frame_fin_ = frame.fin;
  // 5.4: control frames may stand between the fragments of a message.
  if (is_control(frame.opcode)) return std::nullopt;
  const bool unfinished = message_opcode_ != Opcode::kContinuation;
  // 5.4: fragments of one message are not interleaved with those of another.
  if (frame.opcode == Opcode::kContinuation) {
    if (!unfinished) return Violation::kContinuationUnexpected;
  } else {
    if (unfinished) return Violation::kContinuationExpected;
    message_opcode_ = frame.opcode;
    compressed_ = frame.rsv1;
  }
  const std::uint64_t size_max =
      compressed_ ? compressed_size_max(message_size_max) : message_size_max;
  // 10.4: never as a sum, which could wrap.
  if (frame.payload_size > size_max - buffer_.size()) return Violation::kMessageTooBig;
  return std::nullopt;
}

std::optional<Violation> MessageAssembler::add_piece(Bytes piece, std::uint64_t payload_left) {
  if (is_control(frame_opcode_)) {
    control_size_ = static_cast<std::uint8_t>(control_size_ + piece.size());
  } else if (in_text() && !utf8_.feed(piece)) {
    return Violation::kInvalidUtf8;  // 8.1
  }
  append(piece, payload_left);
  return std::nullopt;
}

std::variant<NeedInput, MessageAssembler::Finished, Violation> MessageAssembler::end_frame(
    Bytes last_piece) {
  if (is_control(frame_opcode_)) return end_control_frame(last_piece);
  // 8.1: invalid text fails as soon as it is seen, and text must not end inside a character.
  if (in_text() && !utf8_.feed(last_piece)) return Violation::kInvalidUtf8;
  if (!frame_fin_) {
    append(last_piece, 0);
    return NeedInput{};
  }
  if (in_text() && !utf8_.finish()) return Violation::kInvalidUtf8;
  return end_message(last_piece);
}

MessageAssembler::Finished MessageAssembler::end_control_frame(Bytes last_piece) {
  if (control_size_ == 0) return {frame_opcode_, last_piece, false};
  append(last_piece, 0);
  control_size_ = static_cast<std::uint8_t>(control_size_ + last_piece.size());
  release_ = Release::kControl;
  return {frame_opcode_, Bytes(buffer_).last(control_size_), false};
}

MessageAssembler::Finished MessageAssembler::end_message(Bytes last_piece) {
  const Opcode opcode = message_opcode_;
  const bool compressed = compressed_;
  message_opcode_ = Opcode::kContinuation;
  compressed_ = false;
  if (buffer_.empty()) return {opcode, last_piece, compressed};
  append(last_piece, 0);
  release_ = Release::kMessage;
  return {opcode, Bytes(buffer_), compressed};
}

// Doubles like any vector, but never past what the frame can still bring if it is the last: most
// messages are one frame, and then the buffer ends up exactly as big as the message.
void MessageAssembler::append(ConstBytes piece, std::uint64_t payload_left) {
  const std::size_t needed = buffer_.size() + piece.size();
  if (needed > buffer_.capacity()) {
    const std::uint64_t bound =
        frame_fin_ ? needed + payload_left : std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t doubled = std::max(needed, 2 * buffer_.capacity());
    buffer_.reserve(static_cast<std::size_t>(std::min(doubled, bound)));
  }
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
}

std::size_t MessageAssembler::buffered_size() const {
  switch (release_) {
    case Release::kNothing:
      return buffer_.size();
    case Release::kControl:
      return buffer_.size() - control_size_;
    case Release::kMessage:
      break;
  }
  return 0;
}

void MessageAssembler::clear() { *this = MessageAssembler(); }

void MessageAssembler::save(std::string& to) const {
  const bool control_unfinished = release_ == Release::kNothing;
  dunlin::append_integer(to, utf8_.to_word());
  dunlin::append_integer(to, static_cast<std::uint8_t>(message_opcode_));
  dunlin::append_integer(to, static_cast<std::uint8_t>(frame_opcode_));
  dunlin::append_integer(to, static_cast<std::uint8_t>(frame_fin_));
  dunlin::append_integer(to, static_cast<std::uint8_t>(compressed_));
  dunlin::append_integer(to, control_unfinished ? control_size_ : std::uint8_t{0});
  dunlin::append_integer(to, std::uint64_t{buffered_size()});
  to.append(dunlin::as_string_view(ConstBytes(buffer_).first(buffered_size())));
}

std::optional<MessageAssembler> MessageAssembler::load(std::string_view& from,
                                                       std::uint64_t message_size_max,
                                                       std::uint64_t payload_left) {
  dunlin::RecordReader reader(from);
  const auto utf8 = Utf8Validator::from_word(reader.take_integer<std::uint32_t>());
  const auto message_opcode = reader.take_integer<std::uint8_t>();
  const auto frame_opcode = reader.take_integer<std::uint8_t>();
  const auto fin = reader.take_integer<std::uint8_t>();
  const auto compressed = reader.take_integer<std::uint8_t>();
  MessageAssembler assembler;
  assembler.control_size_ = reader.take_integer<std::uint8_t>();
  const ConstBytes buffered =
      dunlin::as_bytes(reader.take_bytes(reader.take_integer<std::uint64_t>()));
  const bool in_range =
      message_opcode <= 2 && is_known_opcode(frame_opcode) && fin <= 1 && compressed <= 1;
  if (!reader.ok() || !utf8 || !in_range) return std::nullopt;

  assembler.utf8_ = *utf8;
  assembler.message_opcode_ = static_cast<Opcode>(message_opcode);
  assembler.frame_opcode_ = static_cast<Opcode>(frame_opcode);
  assembler.frame_fin_ = fin != 0;
  assembler.compressed_ = compressed != 0;
  assembler.buffer_.assign(buffered.begin(), buffered.end());
  if (!assembler.is_consistent(message_size_max, payload_left)) return std::nullopt;
  return assembler;
}

bool MessageAssembler::is_consistent(std::uint64_t message_size_max,
                                     std::uint64_t payload_left) const {
  if (control_size_ > buffer_.size()) return false;
  const std::size_t message_size = buffer_.size() - control_size_;
  const bool unfinished = message_opcode_ != Opcode::kContinuation;
  if (compressed_ && !unfinished) return false;
  if (compressed_) message_size_max = compressed_size_max(message_size_max);
  if (message_size > (unfinished ? message_size_max : 0)) return false;
  if (!in_text() && !utf8_.finish()) return false;
  if (payload_left == 0) return control_size_ == 0;
  if (is_control(frame_opcode_))
    return payload_left <= 125u - std::min<unsigned>(control_size_, 125);
  return control_size_ == 0 && unfinished && payload_left <= message_size_max - message_size;
}

}  // namespace ws
