#include "proto/ws/session.h"

#include <utility>

#include "proto/base/assert.h"
#include "proto/base/record.h"
#include "proto/ws/utf8.h"
#include "proto/ws/whole_message.h"

namespace ws {
namespace {

constexpr std::uint8_t kRecordVersion = 2;

// False: that is no window. Null: there is none.
bool load_window(std::string_view& from, std::unique_ptr<InflateWindow>& window) {
  dunlin::RecordReader reader(from);
  const auto bits = reader.take_integer<std::uint8_t>();
  if (!reader.ok() || (bits != 0 && (bits < 8 || bits > 15))) return false;
  if (bits == 0) return true;
  const ConstBytes text = dunlin::as_bytes(reader.take_bytes(reader.take_integer<std::uint16_t>()));
  if (!reader.ok() || text.size() > std::size_t{1} << bits) return false;
  window = std::make_unique<InflateWindow>(
      InflateWindow{.bits = bits, .text = {text.begin(), text.end()}});
  return true;
}

}  // namespace

Session::Session(std::uint64_t message_size_max, const InboundDeflate& deflate)
    : decoder_(message_size_max, Rsv1::kAllowed) {
  if (!deflate.context_takeover) return;
  window_ = std::make_unique<InflateWindow>(InflateWindow{.bits = deflate.window_bits, .text = {}});
}

Event Session::next(Bytes& input, Inflater* inflater) {
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
  return read_frames(input, inflater);
}

Event Session::read_frames(Bytes& input, Inflater* inflater) {
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
      if (auto event = end_frame(std::exchange(last_piece, {}), inflater)) return *event;
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
std::optional<Event> Session::end_frame(Bytes last_piece, Inflater* inflater) {
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
      break;
  }
  if (!finished->compressed) return Message{finished->opcode, finished->payload};
  DUNLIN_ASSERT(inflater != nullptr);
  return end_compressed(finished->opcode, finished->payload, *inflater);
}

Event Session::end_compressed(Opcode opcode, Bytes payload, Inflater& inflater) {
  const auto inflated = inflater.inflate(payload, decoder_.payload_size_max(), window_.get());
  if (const auto* violation = std::get_if<Violation>(&inflated)) return fail(*violation);
  const Bytes text = std::get<Bytes>(inflated);
  // 8.1, and RFC 7692 6.2: what is validated is what the sender's application said.
  if (opcode == Opcode::kText && !is_valid_utf8(text)) return fail(Violation::kInvalidUtf8);
  return Message{opcode, text};
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
  decoder_ = FrameDecoder(decoder_.payload_size_max(), decoder_.rsv1());
  assembler_.clear();
  window_.reset();
  return violation;
}

void Session::save(std::string& to) const {
  dunlin::append_integer(to, kRecordVersion);
  dunlin::append_integer(to, static_cast<std::uint8_t>(finished_));
  decoder_.save(to);
  assembler_.save(to);
  dunlin::append_integer(to, window_ == nullptr ? std::uint8_t{0} : window_->bits);
  if (window_ == nullptr) return;
  dunlin::append_integer(to, static_cast<std::uint16_t>(window_->text.size()));
  to.append(dunlin::as_string_view(window_->text));
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
  std::unique_ptr<InflateWindow> window;
  if (!load_window(from, window) || (window && decoder->rsv1() == Rsv1::kForbidden)) {
    return std::nullopt;
  }
  Session session(0);
  session.window_ = std::move(window);
  session.decoder_ = *decoder;
  session.assembler_ = std::move(*assembler);
  session.finished_ = finished != 0;
  return session;
}

}  // namespace ws
