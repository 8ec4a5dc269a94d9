// JSON for tokens and keys: small documents whose member names must be different (RFC 7515 section
// 4, RFC 7517 section 4, RFC 7519 section 4). Only for .cc files here: it drags in simdjson.h.
//
// Bound: kMembersMax members of an object, kDepthMax levels; the caller bounds the text.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>

namespace auth::json {

namespace dom = simdjson::dom;

inline constexpr std::size_t kMembersMax = 256;
inline constexpr std::size_t kDepthMax = 16;

// One document; what is read of it is valid as long as this object.
class Document {
 public:
  // Nothing unless `text` is one well-formed object in UTF-8.
  [[nodiscard]] std::optional<dom::object> parse(std::string_view text);

 private:
  dom::parser parser_;
};

// False: a name comes twice, or there are too many to look.
[[nodiscard]] bool has_different_names(const dom::object& object);

// Whether there is such a member; `null` counts.
[[nodiscard]] bool has(const dom::object& object, std::string_view name);
// The member's text. Nothing: there is no such member, or it is not a string.
[[nodiscard]] std::optional<std::string_view> text_of(const dom::object& object,
                                                      std::string_view name);

}  // namespace auth::json
