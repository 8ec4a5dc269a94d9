#include "proto/push/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace push {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kNoDigit = 0xFF000000;  // Above every sum of four shifted digits.

constexpr std::array<std::uint32_t, 256> make_digits() {
  std::array<std::uint32_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::uint32_t i = 0; i < 64; ++i) digits[static_cast<unsigned char>(kAlphabet[i])] = i;
  return digits;
}
constexpr auto kDigits = make_digits();

std::uint32_t digit(char c) { return kDigits[static_cast<unsigned char>(c)]; }
std::uint32_t byte(char c) { return static_cast<unsigned char>(c); }
char low_byte(std::uint32_t bits) { return static_cast<char>(bits & 0xFF); }
char symbol(std::uint32_t bits) { return kAlphabet[bits & 63]; }

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4, '=');
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = byte(bytes[i]) << 16 | byte(bytes[i + 1]) << 8 | byte(bytes[i + 2]);
    out[at++] = symbol(group >> 18);
    out[at++] = symbol(group >> 12);
    out[at++] = symbol(group >> 6);
    out[at++] = symbol(group);
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group = byte(bytes[i]) << 16 | (left == 2 ? byte(bytes[i + 1]) << 8 : 0);
  out[at++] = symbol(group >> 18);
  out[at++] = symbol(group >> 12);
  if (left == 2) out[at++] = symbol(group >> 6);
}

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  if (text.ends_with("==")) {
    padding = 2;
  } else if (text.ends_with('=')) {
    padding = 1;
  }
  const std::size_t whole = padding == 0 ? text.size() : text.size() - 4;
  out.resize(whole / 4 * 3);
  std::size_t at = 0;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < whole; i += 4) {
    const std::uint32_t group = digit(text[i]) << 18 | digit(text[i + 1]) << 12 |
                                digit(text[i + 2]) << 6 | digit(text[i + 3]);
    seen |= digit(text[i]) | digit(text[i + 1]) | digit(text[i + 2]) | digit(text[i + 3]);
    out[at++] = low_byte(group >> 16);
    out[at++] = low_byte(group >> 8);
    out[at++] = low_byte(group);
  }
  if (padding != 0) {
    const std::uint32_t third = padding == 1 ? digit(text[whole + 2]) : 0;
    const std::uint32_t group =
        digit(text[whole]) << 18 | digit(text[whole + 1]) << 12 | third << 6;
    seen |= digit(text[whole]) | digit(text[whole + 1]) | third;
    // 3.5: bits that encode nothing must be zero.
    if ((group & (padding == 1 ? 0xFF : 0xFFFF)) != 0) return false;
    out.push_back(low_byte(group >> 16));
    if (padding == 1) out.push_back(low_byte(group >> 8));
  }
  return (seen & kNoDigit) == 0;
}

}  // namespace push
