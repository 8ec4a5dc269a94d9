#include "proto/http/query.h"

#include <algorithm>
#include <cstddef>

namespace http {
namespace {

// The value of a hexadecimal digit; -1 if it is none.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, char plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i] == '+' ? plus : text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

// Nearly every name is written plainly, and then nothing needs to be decoded to compare it.
bool is_named(std::string_view written, std::string_view name) {
  if (written.find_first_of("%+") == std::string_view::npos) return written == name;
  return decode(written, ' ') == name;
}

// The first parameter called `name`, as it is written; what stands behind it stays in `query`.
std::optional<std::string_view> next_named(std::string_view& query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    if (!parameter.empty() && is_named(parameter.substr(0, parameter.find('=')), name)) {
      return parameter;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, '+'); }

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  const auto parameter = next_named(query, name);
  if (!parameter) return std::nullopt;
  const std::size_t equals = parameter->find('=');
  return decode(equals == std::string_view::npos ? "" : parameter->substr(equals + 1), ' ');
}

std::size_t count_query_parameters(std::string_view query, std::string_view name) {
  std::size_t count = 0;
  while (next_named(query, name)) ++count;
  return count;
}

}  // namespace http
