// Reads a Sec-WebSocket-Extensions value (RFC 6455 section 9.1), one name or parameter at a time:
//
//   extension-list  = 1#extension
//   extension       = token *( ";" extension-param )
//   extension-param = token [ "=" ( token | quoted-string ) ]
//
// Each character is looked at once: no regular expression, no going back, no memory. (Quadratic
// time on an unclosed quote was CVE-2020-7662 and 7663 elsewhere.)
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

namespace ws {

struct ExtensionName {
  std::string_view name;
};
struct ExtensionParameter {
  std::string_view name;
  std::optional<std::string_view> value;  // Without quotes; escapes in a quoted one are left in.
};
struct ExtensionListEnd {};
struct ExtensionListMalformed {};

class ExtensionListReader {
 public:
  using Step =
      std::variant<ExtensionName, ExtensionParameter, ExtensionListEnd, ExtensionListMalformed>;

  explicit ExtensionListReader(std::string_view value) : rest_(value) {}

  // After ExtensionListEnd or ExtensionListMalformed, do not call again.
  [[nodiscard]] Step next();

 private:
  Step read_parameter();
  std::string_view take_token();
  std::optional<std::string_view> take_value();
  std::optional<std::string_view> take_quoted();
  void skip_white_space();
  bool take(char c);

  std::string_view rest_;
  bool in_extension_ = false;  // A name was read, and neither a comma nor the end since.
};

// Whether the whole value is well-formed and names at least one extension.
[[nodiscard]] bool is_valid_extension_list(std::string_view value);

}  // namespace ws
