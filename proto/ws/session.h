// One connection after the opening handshake, seen from the server: bytes in; messages, pings,
// pongs and the peer's Close out. A plain movable value. Does no I/O, reads no clock, answers
// nothing: what to send (a Pong, a Close) is the owner's business, and proto/ws/frame_encoder.h
// writes it.
//
// Owner: edge's connection.   Thread: its shard's.   Bound: message_size_max + 125 bytes on the
// heap while a message is unfinished, nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/ws/close_code.h"         // CloseCode
#include "proto/ws/frame_decoder.h"      // FrameDecoder, Bytes, NeedInput
#include "proto/ws/message_assembler.h"  // MessageAssembler
#include "proto/ws/opcode.h"             // Opcode
#include "proto/ws/violation.h"          // Violation

namespace ws {

// Every view in an event is valid until the next call of next(), and only as long as the input it
// may point into.
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

class Session {
 public:
  explicit Session(std::uint64_t message_size_max) : decoder_(message_size_max) {}

  Session(Session&&) noexcept = default;
  Session& operator=(Session&&) noexcept = default;

  // Takes bytes off the front of `input`, which is unmasked in place. Call until NeedInput. How the
  // stream was cut into calls changes nothing about the events.
  [[nodiscard]] Event next(Bytes& input);

  // For messages that begin later: to be called when next() has just given a Message, or nothing
  // yet.
  void set_message_size_max(std::uint64_t size) { decoder_.set_payload_size_max(size); }

  // A Close or a Violation was reported: every later byte is discarded (1.4, 7.1.7).
  [[nodiscard]] bool finished() const { return finished_; }

  // Bytes held for an unfinished message or control frame.
  [[nodiscard]] std::size_t buffered_size() const { return assembler_.buffered_size(); }

  // The state as bytes, for the hand-over to another process, between two calls of next(). load()
  // takes them off the front of `from`, and is empty if they cannot have come from save().
  void save(std::string& to) const;
  [[nodiscard]] static std::optional<Session> load(std::string_view& from);

 private:
  Event read_frames(Bytes& input);
  std::optional<Violation> take_piece(Bytes piece, Bytes& last_piece);
  std::optional<Event> end_frame(Bytes last_piece);
  Event fail(Violation violation);
  Event close_received(ConstBytes payload);

  // The decoder ends in padding; the flag goes there.
  [[no_unique_address]] FrameDecoder decoder_;
  bool finished_ = false;
  MessageAssembler assembler_;
};

// A million idle connections hold a million of these.
static_assert(sizeof(Session) <= 72);

}  // namespace ws
