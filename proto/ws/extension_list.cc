#include "proto/ws/extension_list.h"

#include <algorithm>

#include "proto/http/field.h"

namespace ws {

ExtensionListReader::Step ExtensionListReader::next() {
  skip_white_space();
  if (in_extension_) {
    if (take(';')) return read_parameter();
    if (!rest_.empty() && !take(',')) return ExtensionListMalformed{};
    in_extension_ = false;
  }
  // RFC 9110 5.6.1.2: empty elements are skipped.
  do {
    skip_white_space();
  } while (take(','));
  if (rest_.empty()) return ExtensionListEnd{};
  const std::string_view name = take_token();
  if (name.empty()) return ExtensionListMalformed{};
  in_extension_ = true;
  return ExtensionName{name};
}

ExtensionListReader::Step ExtensionListReader::read_parameter() {
  skip_white_space();
  const std::string_view name = take_token();
  if (name.empty()) return ExtensionListMalformed{};
  skip_white_space();
  if (!take('=')) return ExtensionParameter{name, std::nullopt};
  skip_white_space();
  const auto value = take_value();
  if (!value) return ExtensionListMalformed{};
  return ExtensionParameter{name, value};
}

std::optional<std::string_view> ExtensionListReader::take_value() {
  if (take('"')) return take_quoted();
  const std::string_view token = take_token();
  return token.empty() ? std::nullopt : std::optional(token);
}

// 9.1: what a quoted string means, after unescaping, must be a token as well.
std::optional<std::string_view> ExtensionListReader::take_quoted() {
  const std::string_view from = rest_;
  while (!rest_.empty() && rest_.front() != '"') {
    static_cast<void>(take('\\'));
    if (rest_.empty() || !http::is_token_char(rest_.front())) return std::nullopt;
    rest_.remove_prefix(1);
  }
  const std::string_view quoted = from.substr(0, from.size() - rest_.size());
  if (quoted.empty() || !take('"')) return std::nullopt;
  return quoted;
}

std::string_view ExtensionListReader::take_token() {
  const auto end = std::ranges::find_if_not(rest_, http::is_token_char);
  const std::string_view token = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  rest_.remove_prefix(token.size());
  return token;
}

void ExtensionListReader::skip_white_space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
}

bool ExtensionListReader::take(char c) {
  const bool there = rest_.starts_with(c);
  if (there) rest_.remove_prefix(1);
  return there;
}

bool is_valid_extension_list(std::string_view value) {
  ExtensionListReader reader(value);
  bool any = false;
  for (;;) {
    const ExtensionListReader::Step step = reader.next();
    if (std::holds_alternative<ExtensionListMalformed>(step)) return false;
    if (std::holds_alternative<ExtensionListEnd>(step)) return any;
    any = true;
  }
}

}  // namespace ws
