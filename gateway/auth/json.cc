#include "gateway/auth/json.h"

#include <algorithm>
#include <array>
#include <span>

namespace auth::json {

std::optional<dom::object> Document::parse(std::string_view text) {
  if (text.empty()) return std::nullopt;  // simdjson would copy it from nowhere.
  dom::object object;
  if (parser_.allocate(std::max<std::size_t>(text.size(), 32), kDepthMax) != simdjson::SUCCESS ||
      parser_.parse(text.data(), text.size()).get_object().get(object) != simdjson::SUCCESS ||
      !has_different_names(object)) {
    return std::nullopt;
  }
  return object;
}

bool has_different_names(const dom::object& object) {
  std::array<std::string_view, kMembersMax> names;
  std::size_t count = 0;
  for (const dom::key_value_pair member : object) {
    if (count == kMembersMax) return false;
    names[count++] = member.key;
  }
  const auto found = std::span(names).first(count);
  std::ranges::sort(found);
  return std::ranges::adjacent_find(found) == found.end();
}

bool has(const dom::object& object, std::string_view name) {
  return object.at_key(name).error() == simdjson::SUCCESS;
}

std::optional<std::string_view> text_of(const dom::object& object, std::string_view name) {
  std::string_view text;
  if (object.at_key(name).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

}  // namespace auth::json
