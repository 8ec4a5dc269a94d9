// Watches the bytes of a request head as they arrive, before anything is parsed: where it ends,
// that its lines are lines, and that it stays within its limits. This is what llhttp 8.1.0 is lax
// about (bare CR and LF, folded lines) or does not know (sizes, counts); see head_guard.cc.
//
// Bound: no byte is kept; a few counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/base/bytes.h"       // ConstBytes
#include "proto/http/http_error.h"  // HttpError

namespace http {

struct Limits {
  std::size_t target_size_max = 8192;  // RFC 9112 section 3 wants at least 8000 octets. Above: 414.
  std::size_t head_size_max = 16384;   // Request line and fields with all line ends. Above: 431.
  std::size_t header_count_max = 100;  // Above: 431.
  std::uint64_t body_size_max = 1 << 20;  // Above: 413. UINT64_MAX: not limited.
};

class HeadGuard {
 public:
  explicit HeadGuard(const Limits& limits) : limits_(limits) {}

  struct Result {
    std::size_t size = 0;   // How much of the input belongs to the head.
    bool complete = false;  // The empty line is part of `size`.
    std::optional<HttpError> error;
  };

  // The next piece of the head. After `complete`, reset().
  [[nodiscard]] Result feed(dunlin::ConstBytes input);

  void reset();

  // Not even one byte was seen.
  [[nodiscard]] bool untouched() const { return blank() && !blank_line_seen_; }

  // Nothing of a request was seen yet, but perhaps an empty line before it.
  [[nodiscard]] bool blank() const { return line_count_ == 0 && line_size_ == 0 && !cr_seen_; }

 private:
  std::size_t size_allowed() const;
  const HttpError* take_line_piece(std::string_view piece);
  const HttpError* end_line();
  const HttpError& too_large() const;

  Limits limits_;
  std::size_t size_ = 0;        // Of the head so far.
  std::size_t line_size_ = 0;   // Of the current line so far, without CR and LF.
  std::size_t line_count_ = 0;  // Lines ended so far.
  bool cr_seen_ = false;        // The last byte was CR, so that the next must be LF.
  bool blank_line_seen_ = false;
  bool complete_ = false;
};

}  // namespace http
