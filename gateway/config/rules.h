// What must hold between keys that are each sound by themselves, and what is allowed but deserves a
// word.
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace config {

struct Finding {
  std::string key;  // The key to change; "profiles.chat" when it is about a profile as a whole.
  std::string message;
  std::string other_key;  // The second key of a contradiction; when reading that one failed,
                          // the finding is about its default and means nothing.
};

// With any of these the gateway does not start.
[[nodiscard]] std::vector<Finding> find_contradictions(
    const Config& config, const std::vector<std::string>& reserved_paths);

// For check-config and the start of the log: the gateway starts and does what is said, but somebody
// should look at it.
[[nodiscard]] std::vector<Finding> find_warnings(const Config& config);

}  // namespace config
