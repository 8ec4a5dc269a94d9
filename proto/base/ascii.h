// What ASCII says of characters, whatever the locale.
#pragma once

namespace dunlin {

[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// What moves a terminal's cursor instead of being shown.
[[nodiscard]] constexpr bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

}  // namespace dunlin
