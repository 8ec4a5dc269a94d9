#include "bench/load/client/deflate_offer.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace load {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before the next semicolon off the front.
std::string_view next_part(std::string_view& text) {
  const auto end = text.find(';');
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(part);
}

// Section 7.1.2.1: 8 to 15, quoted or not.
bool is_window_size(std::string_view value) {
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
    value = value.substr(1, value.size() - 2);
  unsigned bits = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), bits);
  return parsed.ec == std::errc{} && parsed.ptr == value.data() + value.size() &&
         !value.starts_with('0') && bits >= 8 && bits <= 15;
}

}  // namespace

bool agrees_to_deflate(std::string_view extensions) {
  enum Parameter : std::uint8_t { kServerTakeover, kClientTakeover, kServerWindow, kCount };
  if (next_part(extensions) != "permessage-deflate") return false;
  std::array<bool, kCount> seen{};
  while (!extensions.empty()) {
    const auto part = next_part(extensions);
    const auto equals = part.find('=');
    const bool has_value = equals != std::string_view::npos;
    const auto name = trimmed(part.substr(0, equals));
    Parameter parameter = kCount;
    if (name == "server_no_context_takeover" && !has_value) parameter = kServerTakeover;
    if (name == "client_no_context_takeover" && !has_value) parameter = kClientTakeover;
    if (name == "server_max_window_bits" && has_value &&
        is_window_size(trimmed(part.substr(equals + 1)))) {
      parameter = kServerWindow;
    }
    if (parameter == kCount || seen.at(parameter)) return false;
    seen.at(parameter) = true;
  }
  return seen[kServerTakeover];
}

}  // namespace load
