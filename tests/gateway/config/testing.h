// Shorthands of the configuration's tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/config/loader.h"

namespace config {

inline Sources from_text(std::string text) {
  return {.file = "dunlin.toml", .text = std::move(text)};
}

inline std::vector<std::string> lines_of(const std::vector<ConfigError>& errors) {
  std::vector<std::string> lines;
  for (const ConfigError& error : errors) lines.push_back(to_string(error));
  return lines;
}

// What load() complains about; nothing when it does not.
inline std::vector<std::string> complaints(const Sources& sources) {
  const auto loaded = load(sources);
  return loaded ? std::vector<std::string>() : lines_of(loaded.error());
}

}  // namespace config
