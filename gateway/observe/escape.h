// Makes anybody's bytes safe to stand in a line of log.
//
// Owner: free functions.   Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace observe {

enum class InvalidUtf8 : std::uint8_t {
  kHex,          // Each byte as \xNN: for text.
  kReplacement,  // Each byte as \ufffd: JSON has no way to write a byte.
};

// Appends `text` as it stands between double quotes in JSON: `"`, `\`, control characters, and the
// invisible characters that could break or reorder a line (U+0080-009F, U+2028, U+2029,
// U+200E/F, U+202A-202E, U+2066-2069) are escaped; other valid UTF-8 is kept.
void append_escaped(std::string& line, std::string_view text, InvalidUtf8 invalid);

// The size of the valid UTF-8 sequence that `text` starts with (Unicode table 3-7: no overlong
// forms, no surrogates, nothing above U+10FFFF), or 0 when it starts with none.
[[nodiscard]] std::size_t utf8_sequence_size(std::string_view text);

}  // namespace observe
