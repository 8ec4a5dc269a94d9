// Recognises a head that repeats the one before it on the same connection. Clients that keep a
// connection send the same head again and again; only the length of the body changes. Parsing is a
// pure function of the bytes, so an equal head need not be parsed again.
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
  // `bytes` is a whole head as received, without an empty line before it; `head` was parsed from a
  // copy of it that begins at `parsed`.
  void learn(std::string_view bytes, const RequestHead& head, const char* parsed);
  void forget() { bytes_.clear(); }

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
  std::string bytes_;          // Empty: nothing is known.
  std::size_t length_at_ = 0;  // Of Content-Length's digits, if there are any.
  std::size_t length_size_ = 0;
};

}  // namespace http
