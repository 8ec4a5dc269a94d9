#include "gateway/observe/escape.h"

#include <fmt/format.h>

#include <cstddef>
#include <iterator>

namespace observe {
namespace {

std::uint32_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

// The continuation bytes' six bits each, after the first byte's; the sequence is valid.
std::uint32_t code_point(std::string_view sequence) {
  const std::uint32_t first = byte_at(sequence, 0);
  if (sequence.size() == 1) return first;
  std::uint32_t code = first & (0x7fU >> sequence.size());
  for (std::size_t index = 1; index < sequence.size(); ++index) {
    code = code << 6 | (byte_at(sequence, index) & 0x3f);
  }
  return code;
}

bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void append_sequence(std::string& line, std::string_view sequence) {
  const std::uint32_t code = code_point(sequence);
  switch (code) {
    case '"':
      line += "\\\"";
      return;
    case '\\':
      line += "\\\\";
      return;
    case '\n':
      line += "\\n";
      return;
    case '\r':
      line += "\\r";
      return;
    case '\t':
      line += "\\t";
      return;
    default:
      break;
  }
  if (is_hidden(code)) {
    fmt::format_to(std::back_inserter(line), "\\u{:04x}", code);
  } else {
    line += sequence;
  }
}

void append_invalid(std::string& line, std::uint32_t byte, InvalidUtf8 invalid) {
  if (invalid == InvalidUtf8::kReplacement) {
    line += "\\ufffd";
  } else {
    fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
  }
}

struct FirstByte {
  std::size_t size;           // Of the whole sequence; 0: no sequence starts so.
  std::uint32_t second_low;   // The second byte's range: it rules out overlong forms,
  std::uint32_t second_high;  // surrogates, and what is above U+10FFFF.
};

FirstByte first_byte(std::uint32_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

}  // namespace

void append_escaped(std::string& line, std::string_view text, InvalidUtf8 invalid) {
  while (!text.empty()) {
    const std::size_t size = utf8_sequence_size(text);
    if (size == 0) {
      append_invalid(line, byte_at(text, 0), invalid);
      text.remove_prefix(1);
    } else {
      append_sequence(line, text.substr(0, size));
      text.remove_prefix(size);
    }
  }
}

std::size_t utf8_sequence_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto [size, second_low, second_high] = first_byte(byte_at(text, 0));
  if (size <= 1) return size;
  if (text.size() < size) return 0;
  if (byte_at(text, 1) < second_low || byte_at(text, 1) > second_high) return 0;
  for (std::size_t index = 2; index < size; ++index) {
    if ((byte_at(text, index) & 0xc0) != 0x80) return 0;
  }
  return size;
}

}  // namespace observe
