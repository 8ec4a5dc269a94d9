// The shipped configuration: gateway/config/default.toml, put into the program by CMake.
//
// Owner: a constant.   Thread: any.
#pragma once

#include <string_view>

namespace config {

[[nodiscard]] std::string_view default_text();

}  // namespace config
