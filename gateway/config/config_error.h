// One thing that is wrong with the configuration, and where it was said.
//
// Owner: a plain value.   Thread: any.
#pragma once

#include <cstdint>
#include <string>

namespace config {

// Where a value was given. A variable or a flag has no lines: `line` and `column` are then 0.
struct Location {
  std::string source;  // A file's name, "DUNLIN_API_LISTEN", "--api", "--set api.listen".
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct ConfigError {
  Location where;
  std::string key;      // "api.body_size_max"; empty when the error is not about one key.
  std::string message;  // Never holds a secret, nor a control character.
};

// The one line an operator sees: `dunlin.toml:12: api.body_size_max: expected …, got "big"`.
// Without control characters, whatever key or flag it is about.
[[nodiscard]] std::string to_string(const ConfigError& error);

}  // namespace config
