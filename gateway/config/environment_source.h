// The environment's variables as assignments to keys.
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"
#include "gateway/config/config_error.h"
#include "gateway/config/draft.h"
#include "gateway/config/loader.h"

namespace config {

inline constexpr std::string_view kVariablePrefix = "DUNLIN_";
inline constexpr std::string_view kFileVariable = "DUNLIN_CONFIG";

struct EnvironmentContents {
  std::vector<Assignment> assignments;
  std::vector<ConfigError> errors;  // Unknown variables, and names that could mean two keys.
};

// `config` says which profiles there are.
[[nodiscard]] EnvironmentContents read_variables(const Environment& environment,
                                                 const Config& config);

// "api.body_size_max" -> "DUNLIN_API_BODY_SIZE_MAX"
[[nodiscard]] std::string variable_for(std::string_view key);

}  // namespace config
