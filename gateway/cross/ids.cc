#include "gateway/cross/ids.h"

#include <charconv>
#include <random>

namespace cross {
namespace {

constexpr std::size_t kTextSize = 24;

std::string to_text(std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kTextSize, '0');
  const std::uint32_t high = incarnation();
  for (std::size_t i = 0; i < 8; ++i) text[7 - i] = kDigits[(high >> (4 * i)) & 15];
  for (std::size_t i = 0; i < 16; ++i) text[23 - i] = kDigits[(value >> (4 * i)) & 15];
  return text;
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

std::string to_string(ConnectionId id) { return to_text(id.value); }
std::string to_string(MessageId id) { return to_text(id.value); }

std::optional<ConnectionId> parse_connection_id(std::string_view text) {
  const auto value = from_text(text);
  return value ? std::optional(ConnectionId{*value}) : std::nullopt;
}

std::optional<MessageId> parse_message_id(std::string_view text) {
  const auto value = from_text(text);
  return value ? std::optional(MessageId{*value}) : std::nullopt;
}

}  // namespace cross
