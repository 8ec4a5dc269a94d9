// One connection after the opening handshake, seen from the server: bytes in; messages, pings,
// pongs and the peer's Close out. A plain movable value. Does no I/O, reads no clock, answers
// nothing: what to send (a Pong, a Close) is the owner's business, and proto/ws/frame_encoder.h
// writes it.
//
// A compressed message (RFC 7692) is kept as it came until it is complete, and only then inflated,
// at once: so its cost is bounded where it ends, an unfinished one costs what a plain one does, and
// the state between two calls is plain bytes. The price: text in it is known to be invalid only
// when it is complete.
//
// Owner: edge's connection.   Thread: its shard's.   Bound: message_size_max + 125 bytes on the
// heap while a message is unfinished (an eighth more if it is compressed), and with client context
// takeover the window of at most 32 KiB; nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/ws/close_code.h"         // CloseCode
#include "proto/ws/frame_decoder.h"      // FrameDecoder, Bytes, NeedInput
#include "proto/ws/inflater.h"           // Inflater, InflateWindow
#include "proto/ws/message_assembler.h"  // MessageAssembler
#include "proto/ws/opcode.h"             // Opcode
#include "proto/ws/violation.h"          // Violation

namespace ws {

// Every view in an event is valid until the next call of next(), of this session or of another one
// with the same Inflater, and only as long as the input it may point into.
struct Message {
  Opcode opcode;  // kText, then the payload is valid UTF-8; or kBinary.
  Bytes payload;
};
struct Ping {
  Bytes payload;  // At most 125 bytes, to be sent back in a Pong (5.5.2).
};
struct Pong {
  Bytes payload;
};
struct Close {
  CloseCode code;           // kNoStatus when the peer gave none.
  std::string_view reason;  // Valid UTF-8, at most 123 bytes.
};

using Event = std::variant<NeedInput, Message, Ping, Pong, Close, Violation>;

// What was agreed about the messages that the client compresses.
struct InboundDeflate {
  bool context_takeover = false;
  std::uint8_t window_bits = 15;
};

class Session {
 public:
  explicit Session(std::uint64_t message_size_max) : decoder_(message_size_max) {}
  Session(std::uint64_t message_size_max, const InboundDeflate& deflate);

  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;

  // Takes bytes off the front of `input`, which is unmasked in place. Call until NeedInput. How the
  // stream was cut into calls changes nothing about the events. `inflater` may be null where no
  // compression was agreed.
  [[nodiscard]] Event next(Bytes& input, Inflater* inflater = nullptr);

  // Compression was agreed.
  [[nodiscard]] bool inflates() const { return decoder_.rsv1() == Rsv1::kAllowed; }

  // For messages that begin later: to be called when next() has just given a Message, or nothing
  // yet.
  void set_message_size_max(std::uint64_t size) { decoder_.set_payload_size_max(size); }

  // A Close or a Violation was reported: every later byte is discarded (1.4, 7.1.7).
  [[nodiscard]] bool finished() const { return finished_; }

  // Bytes held for an unfinished message or control frame.
  [[nodiscard]] std::size_t buffered_size() const { return assembler_.buffered_size(); }

  // Bytes held for what later messages may refer back to: client context takeover.
  [[nodiscard]] std::size_t window_size() const {
    return window_ == nullptr ? 0 : window_->text.capacity();
  }

  // The state as bytes, for the hand-over to another process, between two calls of next(). load()
  // takes them off the front of `from`, and is empty if they cannot have come from save().
  void save(std::string& to) const;
  [[nodiscard]] static std::optional<Session> load(std::string_view& from);

 private:
  Event read_frames(Bytes& input, Inflater* inflater);
  std::optional<Violation> take_piece(Bytes piece, Bytes& last_piece);
  std::optional<Event> end_frame(Bytes last_piece, Inflater* inflater);
  Event end_compressed(Opcode opcode, Bytes payload, Inflater& inflater);
  Event fail(Violation violation);
  Event close_received(ConstBytes payload);

  // The decoder ends in padding; the flag goes there.
  [[no_unique_address]] FrameDecoder decoder_;
  bool finished_ = false;
  MessageAssembler assembler_;
  std::unique_ptr<InflateWindow> window_;  // Only with client context takeover.
};

// A million idle connections hold a million of these.
static_assert(sizeof(Session) <= 80);

}  // namespace ws
