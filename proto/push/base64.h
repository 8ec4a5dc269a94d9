// Base64 as RFC 4648 section 4 writes it: the standard alphabet, with padding, canonical.
#pragma once

#include <string>
#include <string_view>

namespace push {

void append_base64(std::string& out, std::string_view bytes);

// Replaces `out` by what `text` encodes. False: `text` is not canonical base64, and `out` means
// nothing.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out);

}  // namespace push
