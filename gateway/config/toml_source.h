// A configuration file's text as a flat list of what it says, in the file's order. Knows the names
// of tables, not those of keys: Draft does.
//
// Owner: free functions over values.   Thread: any.   The only includer of toml++.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config_error.h"
#include "gateway/config/draft.h"

namespace config {

struct DeclaredProfile {
  std::string name;
  Location where;
};

struct TomlContents {
  std::vector<DeclaredProfile> profiles;
  std::vector<Assignment> assignments;
  std::vector<ConfigError> errors;
  bool is_toml = true;  // If not, there is one error (the parser stops there) and nothing else.
};

// `name` is what locations call the text.
[[nodiscard]] TomlContents read_toml(std::string_view text, const std::string& name);

}  // namespace config
