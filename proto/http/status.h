// Status codes in words (RFC 9110 section 15, RFC 6585).
#pragma once

#include <string_view>

namespace http {

// For instance "Not Found". "Unknown" for a status that this project never sends.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace http
