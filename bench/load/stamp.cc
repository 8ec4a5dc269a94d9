#include "bench/load/stamp.h"

#include <array>

namespace load {
namespace {

constexpr char kMark = '~';

constexpr std::string_view kDigits = "0123456789abcdef";

// -1: no digit.
constexpr std::array<std::int8_t, 256> kDigitValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

void write_hex(std::span<char> out, std::uint64_t value) {
  for (std::size_t i = out.size(); i > 0; --i, value >>= 4) out[i - 1] = kDigits[value & 0xF];
}

// False when a character is no digit: the upper bits of its -1 survive the or.
bool read_hex(std::string_view text, std::uint64_t& value) {
  value = 0;
  unsigned all = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(kDigitValues[static_cast<unsigned char>(c)]);
    all |= digit;
    value = value << 4 | (digit & 0xFU);
  }
  return all < 16;
}

}  // namespace

void write_stamp(std::span<char> payload, const Stamp& stamp) {
  payload[0] = kMark;
  write_hex(payload.subspan(1, 4), stamp.stream);
  write_hex(payload.subspan(5, 12), stamp.sequence);
  write_hex(payload.subspan(17, 16), static_cast<std::uint64_t>(stamp.due_ns));
}

std::optional<Stamp> read_stamp(std::string_view payload) {
  if (payload.size() < kStampSize || payload[0] != kMark) return std::nullopt;
  std::uint64_t stream = 0;
  std::uint64_t sequence = 0;
  std::uint64_t due = 0;
  if (!read_hex(payload.substr(1, 4), stream) || !read_hex(payload.substr(5, 12), sequence) ||
      !read_hex(payload.substr(17, 16), due)) {
    return std::nullopt;
  }
  return Stamp{.stream = static_cast<std::uint16_t>(stream),
               .sequence = sequence,
               .due_ns = static_cast<std::int64_t>(due)};
}

}  // namespace load
