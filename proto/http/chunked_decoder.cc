#include "proto/http/chunked_decoder.h"

#include <algorithm>

#include "proto/http/field.h"

namespace http {
namespace {

using dunlin::ConstBytes;

constexpr std::uint8_t kDigitCountMax = 16;  // Enough for 64 bits.

// The value of a hexadecimal digit; 16 if it is none.
constexpr unsigned hex_value(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - unsigned{'0'};
  if (c >= 'a' && c <= 'f') return c - unsigned{'a'} + 10;
  if (c >= 'A' && c <= 'F') return c - unsigned{'A'} + 10;
  return 16;
}

constexpr bool is_control(std::uint8_t c) { return (c < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(ConstBytes& input, std::uint64_t size_max) {
  while (!input.empty()) {
    if (state_ == State::kData) return take_data(input);
    const auto byte = std::to_integer<std::uint8_t>(dunlin::take_front(input, 1).front());
    if (const HttpError* error = take_framing_byte(byte, size_max)) return *error;
    if (state_ == State::kEnd) return End{};
  }
  return dunlin::NeedInput{};
}

ChunkedDecoder::Step ChunkedDecoder::take_data(ConstBytes& input) {
  const std::uint64_t size = std::min<std::uint64_t>(input.size(), chunk_left_);
  chunk_left_ -= size;
  if (chunk_left_ == 0) state_ = State::kDataCr;
  return Chunk{dunlin::take_front(input, static_cast<std::size_t>(size))};
}

const HttpError* ChunkedDecoder::take_framing_byte(std::uint8_t byte, std::uint64_t size_max) {
  switch (state_) {
    case State::kSizeFirstDigit:
    case State::kSize:
      return take_size_byte(byte);
    case State::kExtension:
      return take_extension_byte(byte);
    case State::kSizeLf:
      return end_size_line(byte, size_max);
    case State::kDataCr:
      return expect(byte, '\r', State::kDataLf);
    case State::kDataLf:
      return expect(byte, '\n', State::kSizeFirstDigit);
    case State::kTrailerLine:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
      return take_trailer_byte(byte);
    case State::kEndLf:
      return expect(byte, '\n', State::kEnd);
    case State::kData:
    case State::kEnd:
      break;
  }
  return &refusal::kBadChunk;
}

const HttpError* ChunkedDecoder::expect(std::uint8_t byte, char wanted, State then) {
  if (byte != static_cast<std::uint8_t>(wanted)) return &refusal::kBadChunk;
  state_ = then;
  return nullptr;
}

// chunk-size = 1*HEXDIG
const HttpError* ChunkedDecoder::take_size_byte(std::uint8_t byte) {
  if (const unsigned digit = hex_value(byte); digit < 16) {
    if (digit_count_ == kDigitCountMax) return &refusal::kBadChunk;
    ++digit_count_;
    chunk_left_ = chunk_left_ << 4 | digit;
    state_ = State::kSize;
    return nullptr;
  }
  if (state_ == State::kSizeFirstDigit) return &refusal::kBadChunk;
  if (byte == '\r') return expect(byte, '\r', State::kSizeLf);
  return expect(byte, ';', State::kExtension);
}

const HttpError* ChunkedDecoder::take_extension_byte(std::uint8_t byte) {
  if (byte == '\r') return expect(byte, '\r', State::kSizeLf);
  if (is_control(byte)) return &refusal::kBadChunk;
  // 7.1.1: the total of extensions must be limited.
  return ++extension_size_ > kExtensionSizeMax ? &refusal::kExtensionsTooLarge : nullptr;
}

const HttpError* ChunkedDecoder::end_size_line(std::uint8_t byte, std::uint64_t size_max) {
  if (byte != '\n') return &refusal::kBadChunk;
  digit_count_ = 0;
  state_ = chunk_left_ == 0 ? State::kTrailerLine : State::kData;
  return chunk_left_ > size_max ? &refusal::kBodyTooLarge : nullptr;
}

// trailer-section = *( field-line CRLF ), then CRLF
const HttpError* ChunkedDecoder::take_trailer_byte(std::uint8_t byte) {
  if (++trailer_size_ > kTrailerSizeMax) return &refusal::kTrailerTooLarge;
  if (state_ == State::kTrailerLf) {
    return byte == '\n' ? expect(byte, '\n', State::kTrailerLine) : &refusal::kBadTrailer;
  }
  if (state_ == State::kTrailerValue) {
    if (byte == '\r') return expect(byte, '\r', State::kTrailerLf);
    return is_control(byte) ? &refusal::kBadTrailer : nullptr;
  }
  if (state_ == State::kTrailerLine && byte == '\r') return expect(byte, '\r', State::kEndLf);
  if (state_ == State::kTrailerName && byte == ':') return expect(byte, ':', State::kTrailerValue);
  if (!is_token_char(static_cast<char>(byte))) return &refusal::kBadTrailer;
  state_ = State::kTrailerName;
  return nullptr;
}

}  // namespace http
