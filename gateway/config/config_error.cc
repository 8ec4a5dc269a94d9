#include "gateway/config/config_error.h"

#include <fmt/format.h>

#include <utility>

#include "gateway/config/value.h"

namespace config {

std::string to_string(const ConfigError& error) {
  std::string line = error.where.source;
  if (error.where.line > 0) line += fmt::format(":{}", error.where.line);
  if (!error.key.empty()) line += fmt::format(": {}", error.key);
  line += fmt::format(": {}", error.message);
  return printable(std::move(line));  // A key in quotes, or a flag, can hold anything.
}

}  // namespace config
