// Appends pieces of JSON text to a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace push {

// `text` in quotes, escaped as RFC 8259 section 7 demands and no more. It must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);

// In quotes.
void append_base64_string(std::string& out, std::string_view bytes);

}  // namespace push
