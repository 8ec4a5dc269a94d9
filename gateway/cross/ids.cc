#include "gateway/cross/ids.h"

#include <charconv>
#include <cstring>
#include <random>

namespace cross {
namespace {

constexpr std::size_t kTextSize = 24;

// "00" to "ff": two digits at a time.
constexpr std::array<char, 512> make_hex_pairs() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    pairs[2 * byte] = kDigits[byte >> 4];
    pairs[2 * byte + 1] = kDigits[byte & 15];
  }
  return pairs;
}
constexpr auto kHexPairs = make_hex_pairs();

template <typename Integer>
void write_hex(char* to, Integer value) {
  for (std::size_t i = sizeof value; i-- > 0; value >>= 8) {
    std::memcpy(to + 2 * i, &kHexPairs[2 * (value & 0xFF)], 2);
  }
}

template <typename Integer>
bool parse_hex(std::string_view text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::uint64_t> from_text(std::string_view text) {
  std::uint32_t high = 0;
  std::uint64_t value = 0;
  if (text.size() != kTextSize || !parse_hex(text.substr(0, 8), high) ||
      !parse_hex(text.substr(8), value) || high != incarnation()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::uint32_t incarnation() {
  static const std::uint32_t value = std::random_device{}();
  return value;
}

IdText::IdText(std::uint64_t value) {
  write_hex(text_.data(), incarnation());
  write_hex(text_.data() + 2 * sizeof(std::uint32_t), value);
}

std::string to_string(ConnectionId id) { return std::string(IdText(id).view()); }
std::string to_string(MessageId id) { return std::string(IdText(id).view()); }

std::optional<ConnectionId> parse_connection_id(std::string_view text) {
  const auto value = from_text(text);
  return value ? std::optional(ConnectionId{*value}) : std::nullopt;
}

std::optional<MessageId> parse_message_id(std::string_view text) {
  const auto value = from_text(text);
  return value ? std::optional(MessageId{*value}) : std::nullopt;
}

}  // namespace cross
