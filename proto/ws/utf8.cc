#include "proto/ws/utf8.h"

#include <simdjson.h>

#include <cstddef>

namespace ws {
namespace {

constexpr bool is_continuation(std::byte byte) {
  return (byte & std::byte{0xc0}) == std::byte{0x80};
}

// How many bytes a character with this first byte has, judged by its high bits alone.
constexpr std::size_t character_size(std::byte lead) {
  const auto value = std::to_integer<std::uint8_t>(lead);
  return value < 0xc0 ? 1 : value < 0xe0 ? 2 : value < 0xf0 ? 3 : 4;
}

// How many bytes at the end of `text` belong to a character that continues past it.
std::size_t incomplete_size(dunlin::ConstBytes text) {
  for (std::size_t distance = 1; distance <= 3 && distance <= text.size(); ++distance) {
    const std::byte byte = text[text.size() - distance];
    if (!is_continuation(byte)) return character_size(byte) > distance ? distance : 0;
  }
  return 0;
}

bool is_valid_bulk(dunlin::ConstBytes text) {
  return simdjson::validate_utf8(reinterpret_cast<const char*>(text.data()), text.size());
}

}  // namespace

bool Utf8Validator::feed(dunlin::ConstBytes piece) {
  while (needed_ > 0 && !piece.empty()) {
    if (!feed_byte(std::to_integer<std::uint8_t>(piece.front()))) return false;
    piece = piece.subspan(1);
  }
  const std::size_t tail_size = incomplete_size(piece);
  if (!is_valid_bulk(piece.first(piece.size() - tail_size))) return false;
  for (const std::byte byte : piece.last(tail_size)) {
    if (!feed_byte(std::to_integer<std::uint8_t>(byte))) return false;
  }
  return true;
}

bool Utf8Validator::feed_byte(std::uint8_t byte) {
  if (needed_ == 0) return begin_character(byte);
  if (byte < lower_ || byte > upper_) return false;
  --needed_;
  lower_ = 0x80;
  upper_ = 0xbf;
  return true;
}

// RFC 3629 section 4, the table of well-formed sequences.
bool Utf8Validator::begin_character(std::uint8_t lead) {
  if (lead < 0x80) return true;
  if (lead < 0xc2 || lead > 0xf4) return false;
  needed_ = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  if (lead == 0xe0) lower_ = 0xa0;  // Below: overlong.
  if (lead == 0xed) upper_ = 0x9f;  // Above: surrogates.
  if (lead == 0xf0) lower_ = 0x90;  // Below: overlong.
  if (lead == 0xf4) upper_ = 0x8f;  // Above: past U+10FFFF.
  return true;
}

std::uint32_t Utf8Validator::to_word() const {
  return std::uint32_t{needed_} | std::uint32_t{lower_} << 8 | std::uint32_t{upper_} << 16;
}

std::optional<Utf8Validator> Utf8Validator::from_word(std::uint32_t word) {
  // The states a validator can be in: after nothing, after each kind of first byte, and one or two
  // bytes further on.
  static constexpr std::uint8_t kLeads[] = {0xc2, 0xe0, 0xe1, 0xed, 0xf0, 0xf1, 0xf4};
  if (word == Utf8Validator().to_word()) return Utf8Validator();
  for (const std::uint8_t lead : kLeads) {
    Utf8Validator validator;
    validator.begin_character(lead);
    if (word == validator.to_word()) return validator;
  }
  return std::nullopt;
}

bool is_valid_utf8(dunlin::ConstBytes text) { return is_valid_bulk(text); }

}  // namespace ws
