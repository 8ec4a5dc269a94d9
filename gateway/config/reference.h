// Configurations as TOML text, made from the schema: what print-config prints.
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <string>

#include "gateway/config/config.h"

namespace config {

// Every key with its help, range, variable and default, and whether a reload changes it. Itself a
// valid file. deploy/dunlin.reference.toml is this text; a test holds the two together.
[[nodiscard]] std::string reference_text();

// A file that load() turns into `config` again, but for secrets, which are shown as "(hidden)".
[[nodiscard]] std::string to_toml(const Config& config);

}  // namespace config
