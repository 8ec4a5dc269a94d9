#include "proto/http/field.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "proto/base/ascii.h"

namespace http {
namespace {

// RFC 9110 5.6.2: each tchar in lower case; 0 for what is none.
constexpr std::array<char, 256> make_token_table() {
  std::array<char, 256> table{};
  constexpr std::string_view kUnchanged = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
  for (const char c : kUnchanged) table[static_cast<unsigned char>(c)] = c;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) table[c] = static_cast<char>(c + 32);
  return table;
}

constexpr std::array<char, 256> kTokenTable = make_token_table();

}  // namespace

bool is_token_char(char c) { return kTokenTable[static_cast<unsigned char>(c)] != 0; }

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool lower_token(std::span<char> text) {
  for (char& c : text) {
    c = kTokenTable[static_cast<unsigned char>(c)];
    if (c == 0) return false;
  }
  return !text.empty();
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a == b) return true;  // Nearly always, when they are equal at all.
  return std::ranges::equal(a, b, {}, dunlin::to_lower, dunlin::to_lower);
}

std::optional<std::string_view> bearer_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  if (!equals_ignoring_case(authorization.substr(0, authorization.find(' ')), kScheme)) {
    return std::nullopt;
  }
  return trim(authorization.substr(kScheme.size()));
}

bool ListReader::next(std::string_view& element) {
  while (!rest_.empty()) {
    const std::size_t comma = std::min(rest_.find(','), rest_.size());
    element = trim(rest_.substr(0, comma));
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
    if (!element.empty()) return true;
  }
  return false;
}

bool list_contains(const RequestHead& head, std::string_view name, std::string_view element) {
  for (const Header& header : head.headers) {
    if (header.name != name) continue;
    ListReader list(header.value);
    for (std::string_view candidate; list.next(candidate);) {
      if (equals_ignoring_case(candidate, element)) return true;
    }
  }
  return false;
}

}  // namespace http
