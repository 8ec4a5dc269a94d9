// Compresses messages, RFC 7692 section 7.2.1.
//
// Owner: hub::Compressor; one for a shard's shared forms, and one for each connection with context
// takeover.   Thread: the shard's.   Bound: deflater_size(), allocated at once: 262 KiB with 15
// bits, 38 KiB with 12, 10 KiB with 9.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "proto/base/bytes.h"  // ConstBytes
#include "proto/ws/opcode.h"   // Opcode

struct z_stream_s;

namespace ws {

// What a Deflater holds: zlib's window, hash and symbols, and its own state.
[[nodiscard]] constexpr std::size_t deflater_size(std::uint8_t window_bits) {
  return (std::size_t{1} << (window_bits + 3)) + (6U << 10);
}

struct DeflateParameters {
  int level = 4;                  // zlib's: 1 is fast, 9 is small.
  std::uint8_t window_bits = 12;  // kWindowBitsMin to kWindowBitsMax.

  friend bool operator==(const DeflateParameters&, const DeflateParameters&) = default;
};

class Deflater {
 public:
  explicit Deflater(const DeflateParameters& parameters);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  // Appends the payload of a compressed message, if it comes out smaller than the text by at least
  // one byte; else leaves `out` as it was. The text may refer back to those before, since the last
  // forget().
  [[nodiscard]] bool compress(dunlin::ConstBytes text, std::string& out);

  // The next text refers to nothing before it.
  void forget();

  [[nodiscard]] const DeflateParameters& parameters() const { return parameters_; }

 private:
  DeflateParameters parameters_;
  std::unique_ptr<z_stream_s> stream_;
};

// A whole compressed frame, its RSV1 set (6.1), if that is shorter than the plain one; else
// nothing. False: nothing.
bool append_deflated_frame(std::string& out, Opcode opcode, dunlin::ConstBytes text,
                           Deflater& deflater);

}  // namespace ws
