// Sec-WebSocket-Key and the Sec-WebSocket-Accept that answers it (RFC 6455 sections 4.2.1
// and 4.2.2).
#pragma once

#include <array>
#include <string_view>

namespace ws {

// The base64 of 16 bytes: 22 characters of the alphabet, then "==". The four bits that the last
// character has to spare may be anything, as for most decoders (RFC 4648 section 3.5).
[[nodiscard]] bool is_valid_key(std::string_view key);

// Base64 of the SHA-1 of `key`, which must be valid, and the GUID of section 1.3.
[[nodiscard]] std::array<char, 28> accept_value(std::string_view key);

}  // namespace ws
