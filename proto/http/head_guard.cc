#include "proto/http/head_guard.h"

#include <algorithm>
#include <cstring>

namespace http {
namespace {

using dunlin::ConstBytes;

// "OPTIONS", two spaces, "HTTP/1.1", and room for the longest method llhttp knows.
constexpr std::size_t kRequestLineSlack = 32;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// Whether one of eight bytes may be a control character: certainly if one is, and for HTAB, too.
bool may_have_control(std::uint64_t bytes) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  constexpr std::uint64_t kHighBits = kEach * 0x80;
  const std::uint64_t below_space = (bytes - kEach * 0x20) & ~bytes;
  const std::uint64_t without_del = bytes ^ (kEach * 0x7f);
  const std::uint64_t is_del = (without_del - kEach) & ~without_del;
  return ((below_space | is_del) & kHighBits) != 0;
}

// RFC 9110 5.5: no control characters but HTAB.
bool has_control(std::string_view text) {
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof bytes);
    if (may_have_control(bytes) && std::ranges::any_of(text.substr(0, sizeof bytes), is_control)) {
      return true;
    }
    text.remove_prefix(sizeof bytes);
  }
  return std::ranges::any_of(text, is_control);
}

}  // namespace

HeadGuard::Result HeadGuard::feed(ConstBytes input) {
  Result result;
  // Judging byte by byte in order, so that no cut of the input changes which fault is found first:
  // what lies past a limit is never looked at.
  while (!complete_ && result.size < input.size()) {
    const std::size_t allowed = size_allowed();
    const std::string_view rest = dunlin::as_string_view(input.subspan(result.size));
    const std::string_view visible = rest.substr(0, allowed);
    if (visible.empty()) return {result.size, false, too_large()};
    const std::size_t newline = visible.find('\n');
    const std::string_view piece = visible.substr(0, newline);
    const HttpError* error = take_line_piece(piece);
    result.size += piece.size();
    if (error == nullptr && newline != std::string_view::npos) {
      error = end_line();
      ++result.size;
    }
    if (error != nullptr) return {result.size, false, *error};
  }
  result.complete = complete_;
  return result;
}

// How far the current line may still go before a limit is passed.
std::size_t HeadGuard::size_allowed() const {
  const std::size_t head_allowed = limits_.head_size_max - size_;
  if (line_count_ > 0) return head_allowed;
  return std::min(head_allowed, limits_.target_size_max + kRequestLineSlack - line_size_);
}

const HttpError& HeadGuard::too_large() const {
  return size_ < limits_.head_size_max ? refusal::kTargetTooLong : refusal::kHeadTooLarge;
}

const HttpError* HeadGuard::take_line_piece(std::string_view piece) {
  if (piece.empty()) return nullptr;
  // RFC 9112 2.2: a CR alone is refused.
  if (cr_seen_) return &refusal::kControlCharacter;
  // RFC 9112 5.2: folded lines are refused; so is white space before the first header (2.2).
  const bool first_of_header_line = line_size_ == 0 && line_count_ > 0;
  if (first_of_header_line && (piece.front() == ' ' || piece.front() == '\t'))
    return &refusal::kFoldedLine;
  size_ += piece.size();
  line_size_ += piece.size();
  cr_seen_ = piece.back() == '\r';
  if (cr_seen_) {
    piece.remove_suffix(1);
    --line_size_;
  }
  return has_control(piece) ? &refusal::kControlCharacter : nullptr;
}

const HttpError* HeadGuard::end_line() {
  if (!cr_seen_) return &refusal::kControlCharacter;
  cr_seen_ = false;
  ++size_;
  const bool empty = line_size_ == 0;
  line_size_ = 0;
  if (empty && line_count_ == 0) {
    // RFC 9112 2.2: an empty line before the request line is ignored; more of them are an attack.
    if (blank_line_seen_) return &refusal::kNoRequestLine;
    blank_line_seen_ = true;
    return nullptr;
  }
  complete_ = empty;
  ++line_count_;
  // The request line and the empty line are not headers.
  return !complete_ && line_count_ - 1 > limits_.header_count_max ? &refusal::kTooManyHeaders
                                                                  : nullptr;
}

void HeadGuard::reset() { *this = HeadGuard(limits_); }

}  // namespace http
