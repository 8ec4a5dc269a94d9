// Cuts a body that arrives in pieces into lines (NDJSON). A line that stands whole in a piece is
// not copied.
//
// Owner: Connection, while it reads a stream.   Bound: one line of line_size_max bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/bytes.h"  // NeedInput
#include "proto/push/padded_text.h"

namespace api {

class LineSplitter {
 public:
  struct Line {
    push::PaddedText text;  // Without its end. Valid until the next call, and as long as the input.
    std::uint64_t number;   // From 1.
  };
  struct TooLong {
    std::uint64_t number;
  };
  using Step = std::variant<dunlin::NeedInput, Line, TooLong>;

  explicit LineSplitter(std::size_t line_size_max) : line_size_max_(line_size_max) {}

  // Takes bytes off the front of `input` up to the end of the next line that holds more than white
  // space. `input` must have push::kPadding readable bytes behind it.
  [[nodiscard]] Step next(std::string_view& input);

  [[nodiscard]] std::size_t held_bytes() const { return partial_.size(); }

  // After the last input: what stands behind the last line end.
  [[nodiscard]] Step finish();

 private:
  [[nodiscard]] Step end_line(push::PaddedText line);

  const std::size_t line_size_max_;
  std::string partial_;         // The beginning of a line.
  bool skipping_ = false;       // The rest of a line that is too long.
  bool clear_partial_ = false;  // Its line was handed out.
  std::uint64_t number_ = 0;    // Of lines ended so far.
};

}  // namespace api
