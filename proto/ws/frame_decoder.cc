#include "proto/ws/frame_decoder.h"

#include <algorithm>
#include <span>

#include "proto/base/assert.h"
#include "proto/base/record.h"

namespace ws {
namespace {

using dunlin::load_big_endian;
using dunlin::take_front;

constexpr std::byte kFinBit{0x80};
constexpr std::byte kRsv1Bit{0x40};
constexpr std::byte kRsv2And3Bits{0x30};
constexpr std::byte kOpcodeBits{0x0f};
constexpr std::byte kMaskBit{0x80};
constexpr std::byte kLengthBits{0x7f};

constexpr std::size_t kMaskingKeySize = 4;

// 5.2: 126 and 127 in the second byte announce a length of 2 or 8 bytes of its own.
constexpr std::uint8_t kLengthIn2Bytes = 126;
constexpr std::uint8_t kLengthIn8Bytes = 127;

std::uint8_t short_length(std::byte second) {
  return std::to_integer<std::uint8_t>(second & kLengthBits);
}

constexpr std::size_t size_before_key(std::uint8_t length) {
  return length == kLengthIn8Bytes ? 10 : length == kLengthIn2Bytes ? 4 : 2;
}

Opcode opcode_of(std::byte first) { return static_cast<Opcode>(first & kOpcodeBits); }

}  // namespace

FrameDecoder::Step FrameDecoder::next(Bytes& input) {
  switch (state_) {
    case State::kHeader:
      return read_header(input);
    case State::kPayload:
      return read_payload(input);
    case State::kFrameEnd:
      state_ = State::kHeader;
      return FrameEnd{};
    case State::kViolated:
      break;
  }
  return violation_;
}

FrameDecoder::Step FrameDecoder::read_header(Bytes& input) {
  while (header_size_ < header_size_wanted()) {
    if (input.empty()) return NeedInput{};
    header_[header_size_++] = take_front(input, 1).front();
    if (const auto violation = check_header()) return violated(*violation);
  }
  return begin_frame();
}

std::size_t FrameDecoder::header_size_wanted() const {
  if (header_size_ < 2) return 2;
  return size_before_key(short_length(header_[1])) + kMaskingKeySize;
}

FrameDecoder::Step FrameDecoder::begin_frame() {
  const std::byte first = header_[0];
  const std::size_t key_at = header_size_ - kMaskingKeySize;
  masking_key_ =
      MaskingKey({header_[key_at], header_[key_at + 1], header_[key_at + 2], header_[key_at + 3]});
  payload_left_ = payload_length();
  header_size_ = 0;
  state_ = payload_left_ == 0 ? State::kFrameEnd : State::kPayload;
  return FrameBegin{.opcode = opcode_of(first),
                    .fin = (first & kFinBit) != std::byte{0},
                    .payload_size = payload_left_,
                    .rsv1 = (first & kRsv1Bit) != std::byte{0}};
}

FrameDecoder::Step FrameDecoder::read_payload(Bytes& input) {
  if (input.empty()) return NeedInput{};
  const std::uint64_t size = input.size() < payload_left_ ? input.size() : payload_left_;
  const Bytes bytes = take_front(input, static_cast<std::size_t>(size));
  unmask(bytes, masking_key_);
  masking_key_ = masking_key_.rotated(size);
  payload_left_ -= size;
  if (payload_left_ == 0) state_ = State::kFrameEnd;
  return Payload{bytes};
}

FrameDecoder::Step FrameDecoder::violated(Violation violation) {
  state_ = State::kViolated;
  violation_ = violation;
  return violation;
}

// Called after each header byte; judges what has just become known.
std::optional<Violation> FrameDecoder::check_header() const {
  if (header_size_ == 1) return check_first_byte();
  if (header_size_ == 2) return check_second_byte();
  if (header_size_ != size_before_key(short_length(header_[1]))) return std::nullopt;
  return check_length(header_size_ == 4 ? kLengthIn2Bytes : 0x10000);
}

std::optional<Violation> FrameDecoder::check_first_byte() const {
  const std::byte first = header_[0];
  const auto opcode_value = std::to_integer<std::uint8_t>(first & kOpcodeBits);
  // 5.2: reserved bits are zero unless an extension gave them a meaning. RFC 7692 section 6 gives
  // RSV1 one on the first frame of a data message, and nowhere else.
  const bool rsv1_has_meaning = rsv1_ == Rsv1::kAllowed && (opcode_value == 1 || opcode_value == 2);
  const std::byte reserved = rsv1_has_meaning ? kRsv2And3Bits : kRsv2And3Bits | kRsv1Bit;
  if ((first & reserved) != std::byte{0}) return Violation::kReservedBit;
  if (!is_known_opcode(opcode_value)) return Violation::kReservedOpcode;
  // 5.5: control frames are never fragmented.
  const bool fin = (first & kFinBit) != std::byte{0};
  if (is_control(opcode_of(first)) && !fin) return Violation::kControlFragmented;
  return std::nullopt;
}

std::optional<Violation> FrameDecoder::check_second_byte() const {
  // 5.1: a server fails the connection upon a frame that is not masked.
  if ((header_[1] & kMaskBit) == std::byte{0}) return Violation::kUnmasked;
  const std::uint8_t length = short_length(header_[1]);
  // 5.5: control frames have at most 125 bytes of payload.
  if (is_control(opcode_of(header_[0]))) {
    return length > 125 ? std::optional(Violation::kControlTooLong) : std::nullopt;
  }
  if (length < kLengthIn2Bytes) return check_length(0);
  return std::nullopt;
}

// For data frames only. `length_min` is the smallest length that needs this many bytes.
std::optional<Violation> FrameDecoder::check_length(std::uint64_t length_min) const {
  const std::uint64_t length = payload_length();
  // 5.2: the most significant bit of a 64-bit length must be 0, and the minimal number of bytes
  // must be used.
  if (length >> 63 != 0) return Violation::kLengthTopBit;
  if (length < length_min) return Violation::kLengthNotMinimal;
  // 10.4: decided from the header, so that nobody waits for or makes room for what is refused.
  if (length > length_max()) return Violation::kFrameTooBig;
  return std::nullopt;
}

std::uint64_t FrameDecoder::length_max() const {
  // RFC 7692 6.1: only the first frame says whether its message is compressed.
  const bool may_be_compressed =
      rsv1_ == Rsv1::kAllowed &&
      ((header_[0] & kRsv1Bit) != std::byte{0} || opcode_of(header_[0]) == Opcode::kContinuation);
  return may_be_compressed ? compressed_size_max(payload_size_max_) : payload_size_max_;
}

std::uint64_t FrameDecoder::payload_length() const {
  const std::uint8_t length = short_length(header_[1]);
  if (length == kLengthIn2Bytes) return load_big_endian<std::uint16_t>(&header_[2]);
  if (length == kLengthIn8Bytes) return load_big_endian<std::uint64_t>(&header_[2]);
  return length;
}

void FrameDecoder::save(std::string& to) const {
  DUNLIN_ASSERT(state_ != State::kFrameEnd);
  dunlin::append_integer(to, payload_size_max_);
  dunlin::append_integer(to, static_cast<std::uint8_t>(rsv1_));
  dunlin::append_integer(to, static_cast<std::uint8_t>(state_));
  dunlin::append_integer(to, static_cast<std::uint8_t>(violation_));
  dunlin::append_integer(to, payload_left_);
  to.append(dunlin::as_string_view(masking_key_.bytes()));
  dunlin::append_integer(to, header_size_);
  to.append(dunlin::as_string_view(ConstBytes(header_).first(header_size_)));
}

std::optional<FrameDecoder> FrameDecoder::load(std::string_view& from) {
  dunlin::RecordReader reader(from);
  FrameDecoder decoder(reader.take_integer<std::uint64_t>());
  const auto rsv1 = reader.take_integer<std::uint8_t>();
  const auto state = reader.take_integer<std::uint8_t>();
  const auto violation = reader.take_integer<std::uint8_t>();
  decoder.payload_left_ = reader.take_integer<std::uint64_t>();
  std::array<std::byte, kMaskingKeySize> key{};
  for (std::byte& byte : key) byte = std::byte{reader.take_integer<std::uint8_t>()};
  std::string header(reader.take_bytes(reader.take_integer<std::uint8_t>()));
  if (!reader.ok() || rsv1 > 1 || violation >= kViolationCount) return std::nullopt;
  if (state > static_cast<std::uint8_t>(State::kViolated)) return std::nullopt;

  decoder.rsv1_ = static_cast<Rsv1>(rsv1);
  decoder.masking_key_ = MaskingKey(key);
  decoder.violation_ = static_cast<Violation>(violation);
  // A header cut short must be the beginning of a good one: read it again to know.
  Bytes header_bytes = std::as_writable_bytes(std::span(header));
  if (!std::holds_alternative<NeedInput>(decoder.next(header_bytes))) return std::nullopt;
  decoder.state_ = static_cast<State>(state);
  if (decoder.state_ == State::kFrameEnd) return std::nullopt;
  const bool in_payload = decoder.state_ == State::kPayload;
  if (in_payload != (decoder.payload_left_ > 0)) return std::nullopt;
  // A control frame may be longer than a message may.
  const std::uint64_t frame_size_max = decoder.rsv1_ == Rsv1::kAllowed
                                           ? compressed_size_max(decoder.payload_size_max_)
                                           : decoder.payload_size_max_;
  const std::uint64_t payload_left_max = std::max<std::uint64_t>(frame_size_max, 125);
  if (decoder.payload_left_ > payload_left_max) return std::nullopt;
  if (decoder.header_size_ > 0 && decoder.state_ != State::kHeader) return std::nullopt;
  return decoder;
}

}  // namespace ws
