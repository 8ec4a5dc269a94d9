#include "gateway/config/config_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace config {

std::string to_string(const ConfigError& error) {
  std::string line = error.where.source;
  if (error.where.line > 0) line += fmt::format(":{}", error.where.line);
  if (!error.key.empty()) line += fmt::format(": {}", error.key);
  line += fmt::format(": {}", error.message);
  // A key in quotes, or a flag, can hold what would move a terminal's cursor.
  std::ranges::replace_if(line, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?');
  return line;
}

}  // namespace config
