#include "gateway/config/config_error.h"

#include <fmt/format.h>

namespace config {

std::string to_string(const ConfigError& error) {
  std::string line = error.where.source;
  if (error.where.line > 0) line += fmt::format(":{}", error.where.line);
  if (!error.key.empty()) line += fmt::format(": {}", error.key);
  return line += fmt::format(": {}", error.message);
}

}  // namespace config
