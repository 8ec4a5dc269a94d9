// Text for the JSON parsers, which read in wide steps: kPadding bytes after its end must be
// readable (any bytes will do, and they are never looked at as JSON). A receive buffer that is
// kPadding larger than what it is filled with gives this for free.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace push {

inline constexpr std::size_t kPadding = 64;

class PaddedText {
 public:
  PaddedText() = default;

  // The caller promises that kPadding bytes after `text` are readable.
  static PaddedText promise(std::string_view text) { return PaddedText(text); }

  // Makes room behind `text` for as long as it is not changed.
  static PaddedText of(std::string& text) {
    text.reserve(text.size() + kPadding);
    return PaddedText(text);
  }

  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  explicit PaddedText(std::string_view text) : text_(text) {}
  std::string_view text_;
};

}  // namespace push
