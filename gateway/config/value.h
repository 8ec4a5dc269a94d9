// From what a source says (RawValue) to what a setting holds (Value), and from there to TOML.
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/config/schema.h"

namespace config {

// From the environment or a flag, where everything is text: "true", "10", "1MiB", "a,b".
struct PlainText {
  std::string text;
};

// A TOML value of a type that no setting has.
struct OtherType {
  std::string_view what;  // "a number with a fraction", "a table".
};

using RawValue =
    std::variant<bool, std::int64_t, std::string, std::vector<std::string>, PlainText, OtherType>;

// Checks type, range, choice and syntax. The error is a message: `expected …, got …`.
[[nodiscard]] std::expected<Value, std::string> convert(const Setting& setting,
                                                        const RawValue& raw);

// "an integer from 1 to 65535": what convert() takes, for messages and the reference file.
[[nodiscard]] std::string expectation(const Setting& setting);

// What convert() reads back, sizes and times in the largest unit that is exact: "8MiB", "10s", 42.
// The items of a secret are shown as "(hidden)".
[[nodiscard]] std::string to_toml(const Setting& setting, const Value& value);

// For a terminal, which would obey control characters: each becomes '?'.
[[nodiscard]] std::string printable(std::string text);

// In double quotes, cut at 80 bytes, nothing in it that could disturb a terminal. Valid UTF-8 is
// not promised to stay: bytes above 0x7e are escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace config
