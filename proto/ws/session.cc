#include "proto/ws/session.h"

#include <utility>

#include "proto/base/record.h"
#include "proto/ws/utf8.h"
#include "proto/ws/whole_message.h"

namespace ws {
namespace {

constexpr std::uint8_t kRecordVersion = 1;

}  // namespace

Event Session::next(Bytes& input) {
  if (finished_) {
    // 1.4: after a Close, and after we failed the connection, no further data is processed.
    assembler_.clear();
    input = input.last(0);
    return NeedInput{};
  }
  assembler_.release_finished();
  if (input.empty()) return NeedInput{};
  if (decoder_.between_frames() && !assembler_.in_message()) {
    if (const auto whole = take_whole_message(input, decoder_.payload_size_max())) {
      if (whole->opcode == Opcode::kText && !is_valid_utf8(whole->payload)) {
        return fail(Violation::kInvalidUtf8);
      }
      return Message{whole->opcode, whole->payload};
    }
  }
  return read_frames(input);
}

Event Session::read_frames(Bytes& input) {
  // The end of the current frame's payload, handed out without a copy if it is all there is of a
  // message. FrameEnd always follows it within this call, because it takes no input.
  Bytes last_piece;
  for (;;) {
    const FrameDecoder::Step step = decoder_.next(input);
    std::optional<Violation> violation;
    if (const auto* begin = std::get_if<FrameBegin>(&step)) {
      violation = assembler_.begin_frame(*begin, decoder_.payload_size_max());
    } else if (const auto* payload = std::get_if<Payload>(&step)) {
      violation = take_piece(payload->bytes, last_piece);
    } else if (std::holds_alternative<FrameEnd>(step)) {
      if (auto event = end_frame(std::exchange(last_piece, {}))) return *event;
    } else if (const auto* broken = std::get_if<Violation>(&step)) {
      violation = *broken;
    } else {
      return NeedInput{};
    }
    if (violation) return fail(*violation);
  }
}

std::optional<Violation> Session::take_piece(Bytes piece, Bytes& last_piece) {
  if (decoder_.payload_left() > 0) return assembler_.add_piece(piece, decoder_.payload_left());
  last_piece = piece;
  return std::nullopt;
}

// Empty if the frame was a fragment.
std::optional<Event> Session::end_frame(Bytes last_piece) {
  const auto end = assembler_.end_frame(last_piece);
  if (const auto* violation = std::get_if<Violation>(&end)) return fail(*violation);
  const auto* finished = std::get_if<MessageAssembler::Finished>(&end);
  if (finished == nullptr) return std::nullopt;
  switch (finished->opcode) {
    case Opcode::kPing:
      return Ping{finished->payload};
    case Opcode::kPong:
      return Pong{finished->payload};
    case Opcode::kClose:
      return close_received(finished->payload);
    default:
      return Message{finished->opcode, finished->payload};
  }
}

Event Session::close_received(ConstBytes payload) {
  if (payload.empty()) {
    finished_ = true;
    return Close{CloseCode::kNoStatus, {}};
  }
  // 5.5.1: if there is a payload, its first two bytes are the status code.
  if (payload.size() == 1) return fail(Violation::kClosePayloadSize);
  const auto code = dunlin::load_big_endian<std::uint16_t>(payload.data());
  if (!is_valid_on_wire(code)) return fail(Violation::kCloseCode);
  const ConstBytes reason = payload.subspan(2);
  if (!is_valid_utf8(reason)) return fail(Violation::kCloseReasonUtf8);
  finished_ = true;
  return Close{static_cast<CloseCode>(code), dunlin::as_string_view(reason)};
}

Event Session::fail(Violation violation) {
  finished_ = true;
  decoder_ = FrameDecoder(decoder_.payload_size_max());
  assembler_.clear();
  return violation;
}

void Session::save(std::string& to) const {
  dunlin::append_integer(to, kRecordVersion);
  dunlin::append_integer(to, static_cast<std::uint8_t>(finished_));
  decoder_.save(to);
  assembler_.save(to);
}

std::optional<Session> Session::load(std::string_view& from) {
  dunlin::RecordReader reader(from);
  const auto version = reader.take_integer<std::uint8_t>();
  const auto finished = reader.take_integer<std::uint8_t>();
  if (!reader.ok() || version != kRecordVersion || finished > 1) return std::nullopt;
  auto decoder = FrameDecoder::load(from);
  if (!decoder) return std::nullopt;
  auto assembler =
      MessageAssembler::load(from, decoder->payload_size_max(), decoder->payload_left());
  if (!assembler) return std::nullopt;
  Session session(0);
  session.decoder_ = *decoder;
  session.assembler_ = std::move(*assembler);
  session.finished_ = finished != 0;
  return session;
}

}  // namespace ws
