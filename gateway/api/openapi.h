// The API's OpenAPI 3.1 description, as it stands in openapi.json, embedded at build time.
#pragma once

#include <string_view>

namespace api {

[[nodiscard]] std::string_view openapi_json();

}  // namespace api
