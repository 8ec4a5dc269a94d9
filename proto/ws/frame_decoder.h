// Cuts a client's byte stream into RFC 6455 frames (section 5.2): bytes in, steps out.
// Does no I/O, reads no clock, allocates nothing, logs nothing. Checks the rules one frame can
// break; rules across frames (fragmentation, UTF-8) live in proto/ws/message_assembler.h.
//
// Owner: ws::Session.   Thread: its shard's.   Bound: keeps 14 header bytes, never payload.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/bytes.h"    // Bytes, NeedInput
#include "proto/ws/masking.h"    // MaskingKey
#include "proto/ws/opcode.h"     // Opcode, is_control()
#include "proto/ws/violation.h"  // Violation, close_code_for()

namespace ws {

using dunlin::Bytes;
using dunlin::ConstBytes;
using dunlin::NeedInput;

struct FrameBegin {
  Opcode opcode;
  bool fin;
  std::uint64_t payload_size;  // Checked against the limit.
  bool rsv1 = false;           // Only on the first frame of a data message, if Rsv1::kAllowed.
};
struct Payload {
  Bytes bytes;  // Never empty. Unmasked in place, inside the caller's input.
};
struct FrameEnd {};

// Whether an extension that uses RSV1 was negotiated (RFC 7692 section 6).
enum class Rsv1 : bool { kForbidden, kAllowed };

// What a message of at most `size_max` bytes may have compressed. The plainest way of writing bytes
// that do not compress takes nine bits for eight, and a sender adds a few each time it flushes.
[[nodiscard]] constexpr std::uint64_t compressed_size_max(std::uint64_t size_max) {
  constexpr std::uint64_t kFlushes = 256;
  const std::uint64_t overhead = size_max / 8 + kFlushes;
  return overhead < ~size_max ? size_max + overhead : ~std::uint64_t{0};
}

class FrameDecoder {
 public:
  using Step = std::variant<NeedInput, FrameBegin, Payload, FrameEnd, Violation>;

  explicit FrameDecoder(std::uint64_t payload_size_max, Rsv1 rsv1 = Rsv1::kForbidden)
      : payload_size_max_(payload_size_max), rsv1_(rsv1) {}

  // Takes bytes off the front of `input` up to the next step. Call until it returns NeedInput.
  // How the stream was cut into calls changes nothing but the number of Payload steps.
  // A Violation is final: every later call returns it again. It comes with the first byte that
  // leaves no doubt, so of two faults in one header the one further to the front is reported.
  [[nodiscard]] Step next(Bytes& input);

  // Of a frame whose message is not compressed.
  [[nodiscard]] std::uint64_t payload_size_max() const { return payload_size_max_; }
  // No byte of a frame has been taken that is not finished.
  [[nodiscard]] bool between_frames() const {
    return state_ == State::kHeader && header_size_ == 0;
  }
  [[nodiscard]] Rsv1 rsv1() const { return rsv1_; }
  void set_payload_size_max(std::uint64_t size) { payload_size_max_ = size; }  // Of later frames.
  [[nodiscard]] std::uint64_t payload_left() const { return payload_left_; }

  // The state as bytes, to continue in another process; not between the last Payload of a frame and
  // its FrameEnd. load() takes them off the front of `from`, and is empty if they cannot have come
  // from save().
  void save(std::string& to) const;
  [[nodiscard]] static std::optional<FrameDecoder> load(std::string_view& from);

 private:
  enum class State : std::uint8_t { kHeader, kPayload, kFrameEnd, kViolated };

  Step read_header(Bytes& input);
  Step begin_frame();
  Step read_payload(Bytes& input);
  Step violated(Violation violation);
  std::size_t header_size_wanted() const;
  std::optional<Violation> check_header() const;
  std::optional<Violation> check_first_byte() const;
  std::optional<Violation> check_second_byte() const;
  std::optional<Violation> check_length(std::uint64_t length_min) const;
  std::uint64_t length_max() const;
  std::uint64_t payload_length() const;

  std::uint64_t payload_size_max_;
  std::uint64_t payload_left_ = 0;
  std::array<std::byte, 14> header_{};  // 2 + 8 + 4: the longest header a client can send.
  std::uint8_t header_size_ = 0;        // How much of header_ is filled.
  State state_ = State::kHeader;
  MaskingKey masking_key_{};  // Rotated: its first byte unmasks the next payload byte.
  Violation violation_{};     // Meaningful only in kViolated.
  Rsv1 rsv1_;
};

}  // namespace ws
