#include "proto/http/head_memo.h"

#include <algorithm>

namespace http {
namespace {

// So few digits cannot overflow 64 bits.
constexpr std::size_t kDigitsMax = 18;

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

}  // namespace

void HeadMemo::hold(std::string_view bytes) {
  bytes_ = bytes;
  known_ = false;
}

void HeadMemo::learn(const RequestHead& head, const char* parsed) {
  const std::string_view length = head.header("content-length");
  if (bytes_.empty() || length.size() > kDigitsMax) return;
  length_size_ = length.size();
  length_at_ = length.empty() ? 0 : static_cast<std::size_t>(length.data() - parsed);
  known_ = true;
}

std::optional<HeadMemo::Match> HeadMemo::match(dunlin::ConstBytes input) const {
  const std::string_view known = bytes_;
  const std::string_view text = dunlin::as_string_view(input);
  if (!known_ || text.size() < known.size()) return std::nullopt;
  const std::size_t length_end = length_at_ + length_size_;
  if (text.substr(0, length_at_) != known.substr(0, length_at_) ||
      text.substr(length_end, known.size() - length_end) != known.substr(length_end)) {
    return std::nullopt;
  }
  Match match{.size = known.size()};
  if (length_size_ == 0) return match;
  match.length_offset = length_at_;
  match.length_text = text.substr(length_at_, length_size_);
  match.content_length = parse_digits(match.length_text);
  if (!match.content_length) return std::nullopt;
  return match;
}

}  // namespace http
