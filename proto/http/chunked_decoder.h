// The chunked transfer coding, RFC 9112 section 7.1: bytes in, chunk data out. Chunk extensions and
// trailer fields are checked for form, counted and dropped: nobody here has a use for them, and
// 7.1.2 allows it. llhttp could decode this as well, but it bounds neither extensions nor trailers,
// refuses quoted extension values (8.1.0), and would have to be kept alive between the pieces.
//
// Bound: no byte is kept. Extensions: kExtensionSizeMax over a whole body; trailer:
// kTrailerSizeMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "proto/base/bytes.h"       // ConstBytes, NeedInput
#include "proto/http/http_error.h"  // HttpError

namespace http {

class ChunkedDecoder {
 public:
  struct Chunk {
    dunlin::ConstBytes bytes;  // Never empty; inside the caller's input.
  };
  struct End {};  // The last chunk and the trailer are consumed.
  using Step = std::variant<dunlin::NeedInput, Chunk, End, HttpError>;

  // Real clients send none; a client that sends one with every byte of data is an attack.
  static constexpr std::size_t kExtensionSizeMax = 4096;
  static constexpr std::size_t kTrailerSizeMax = 4096;

  // Takes bytes off the front of `input` up to the next step. After End or HttpError: reset().
  // `size_max` is what chunk data may still come; a chunk that announces more is refused with 413
  // before any of its data.
  [[nodiscard]] Step next(dunlin::ConstBytes& input, std::uint64_t size_max);

  void reset() { *this = ChunkedDecoder(); }

 private:
  enum class State : std::uint8_t {
    kSizeFirstDigit,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerLine,  // At the first byte of a trailer field, or of the empty line.
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kEnd,
  };

  Step take_data(dunlin::ConstBytes& input);
  const HttpError* take_framing_byte(std::uint8_t byte, std::uint64_t size_max);
  const HttpError* take_size_byte(std::uint8_t byte);
  const HttpError* take_extension_byte(std::uint8_t byte);
  const HttpError* end_size_line(std::uint8_t byte, std::uint64_t size_max);
  const HttpError* take_trailer_byte(std::uint8_t byte);
  const HttpError* expect(std::uint8_t byte, char wanted, State then);

  std::uint64_t chunk_left_ = 0;
  std::size_t extension_size_ = 0;
  std::size_t trailer_size_ = 0;
  std::uint8_t digit_count_ = 0;
  State state_ = State::kSizeFirstDigit;
};

}  // namespace http
