// Recognises a head that repeats the one before it on the same connection. Clients that keep a
// connection send the same head again and again; only the length of the body changes. Parsing is a
// pure function of the bytes, so an equal head need not be parsed again. (Comparing takes a time
// that depends on the bytes, keys among them; but both heads are the same peer's, who learns
// nothing.)
//
// Owner: RequestParser.   Thread: any.   Bound: one head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"         // ConstBytes
#include "proto/http/request_head.h"  // RequestHead

namespace http {

class HeadMemo {
 public:
  // A whole head as received, before it is parsed; and what was parsed from a copy of it that
  // begins at `parsed`. Until then nothing matches.
  void hold(std::string_view bytes);
  void learn(const RequestHead& head, const char* parsed);

  struct Match {
    std::size_t size = 0;                         // Of the head.
    std::optional<std::uint64_t> content_length;  // Its own.
    std::size_t length_offset = 0;                // Where the text of that stands.
    std::string_view length_text;                 // In the caller's input.
  };

  // Whether `input` begins with the head learned, whole. The length may differ, but not in the
  // number of its digits.
  [[nodiscard]] std::optional<Match> match(dunlin::ConstBytes input) const;

 private:
  std::string bytes_;
  bool known_ = false;         // They were parsed.
  std::size_t length_at_ = 0;  // Of Content-Length's digits, if there are any.
  std::size_t length_size_ = 0;
};

}  // namespace http
