// Texts for fuzz targets, each in a heap block of exactly the size it may be read in.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "proto/push/padded_text.h"
#include "tests/fuzz/pieces.h"

namespace fuzz {

// With push::kPadding bytes behind it that all are `padding`: no answer may depend on them.
class PaddedBlock {
 public:
  PaddedBlock(std::string_view text, char padding)
      : bytes_(new char[text.size() + push::kPadding]), size_(text.size()) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    std::memset(bytes_.get() + text.size(), padding, push::kPadding);
  }

  [[nodiscard]] push::PaddedText text() const {
    return push::PaddedText::promise({bytes_.get(), size_});
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// What a parser might take for more of the text.
inline constexpr char kPaddings[] = {'\0', ' ', '"', '}', ']', '1', '\\', '\xff'};

// Whether two outcomes of the same text, with different bytes behind it, agree: the same value, or
// both a refusal. simdjson looks whether brackets are balanced before all else when the byte behind
// the text closes one; a text with two faults is then told the other one.
inline bool agree(std::string_view a, std::string_view b) {
  const auto malformed = [](std::string_view outcome) {
    return outcome.starts_with("invalid_json");
  };
  const bool both_refused = !a.starts_with('{') && !b.starts_with('{');
  return a == b || (both_refused && (malformed(a) || malformed(b)));
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes what stands before the first `mark` off the front of `text`, and the mark; all of it if
// there is none.
inline std::string_view take_until(std::string_view& text, char mark) {
  const std::string_view front = text.substr(0, text.find(mark));
  text.remove_prefix(std::min(front.size() + 1, text.size()));
  return front;
}

}  // namespace fuzz
