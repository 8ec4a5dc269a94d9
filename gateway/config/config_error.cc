#include "gateway/config/config_error.h"

#include <fmt/format.h>

#include <utility>

#include "gateway/config/value.h"

namespace config {

std::string to_string(const ConfigError& error) {
  std::string line = error.where.source;
  if (error.where.line > 0) line += fmt::format(":{}", error.where.line);
  const bool named = error.where.source == "--set " + error.key;  // Once is enough.
  if (!error.key.empty() && !named) line += fmt::format(": {}", error.key);
  line += fmt::format(": {}", error.message);
  return printable(std::move(line));  // A key in quotes, or a flag, can hold anything.
}

}  // namespace config
