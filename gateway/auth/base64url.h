// Base64url as JOSE uses it (RFC 7515 section 2): the alphabet of RFC 4648 section 5, no padding,
// no white space, and no second spelling: bits that encode nothing are zero.
//
// Owner: free functions.   Thread: any.   Bound: linear in the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auth {

[[nodiscard]] std::string encode_base64url(std::string_view bytes);

// Nothing if `text` is anything but the one spelling of some bytes.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace auth
