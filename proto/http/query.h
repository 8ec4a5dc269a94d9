// Query parameters as forms and URLs write them (application/x-www-form-urlencoded).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace http {

// Undoes %XX. Empty if an escape is not two hexadecimal digits. "+" stays "+".
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

// The value of the first parameter called `name`, decoded: %XX, and "+" is a space. A parameter
// without "=" has the value "". Empty if there is no such parameter or its value has a bad escape;
// parameters with a bad escape in their name are skipped. The bytes may be anything, NUL and
// invalid UTF-8 included: the caller checks.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view query,
                                                         std::string_view name);

// How many parameters are called `name`, whatever their values.
[[nodiscard]] std::size_t count_query_parameters(std::string_view query, std::string_view name);

}  // namespace http
