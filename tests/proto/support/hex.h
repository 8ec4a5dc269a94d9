// Bytes written readably in tables: "82 FE 007D".
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace testing_support {

inline std::string from_hex(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  if (!digits.empty()) throw std::invalid_argument("odd number of digits");
  return bytes;
}

}  // namespace testing_support
