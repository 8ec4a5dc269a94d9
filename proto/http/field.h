// The small grammar that field values share: tokens, white space, comma-separated lists (RFC 9110
// section 5.6). Linear time, no memory.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "proto/http/request_head.h"  // RequestHead

namespace http {

[[nodiscard]] bool is_token_char(char c);
[[nodiscard]] bool is_token(std::string_view text);  // At least one character.
// Puts a token into lower case. False: it is none, and is spoiled.
[[nodiscard]] bool lower_token(std::span<char> text);

// Without the spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);  // ASCII only.

// What stands behind "Bearer " in an Authorization field, perhaps nothing (RFC 6750 section 2.1).
// Of another scheme: nothing.
[[nodiscard]] std::optional<std::string_view> bearer_credentials(std::string_view authorization);

// The elements of one comma-separated value without quoted strings. Empty elements are skipped, as
// RFC 9110 5.6.1.2 asks of recipients.
class ListReader {
 public:
  explicit ListReader(std::string_view value) : rest_(value) {}

  // False at the end.
  [[nodiscard]] bool next(std::string_view& element);

 private:
  std::string_view rest_;
};

// Whether `element` (in lower case) is in the list that all fields called `name` make up together.
[[nodiscard]] bool list_contains(const RequestHead& head, std::string_view name,
                                 std::string_view element);

}  // namespace http
