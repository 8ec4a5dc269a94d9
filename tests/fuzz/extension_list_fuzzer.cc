// Sec-WebSocket-Extensions: each character is looked at once, so steps are few; and a list that was
// read, written down again without its white space, reads the same.
#include "proto/http/field.h"
#include "proto/ws/extension_list.h"
#include "tests/fuzz/text.h"

namespace {

struct Reading {
  std::string canonical;
  bool valid = false;
};

Reading read(std::string_view value) {
  ws::ExtensionListReader reader(value);
  Reading reading;
  for (std::size_t steps = 0;; ++steps) {
    fuzz::require(steps <= value.size());
    const auto step = reader.next();
    if (std::holds_alternative<ws::ExtensionListMalformed>(step)) return reading;
    if (std::holds_alternative<ws::ExtensionListEnd>(step)) {
      reading.valid = !reading.canonical.empty();
      return reading;
    }
    if (const auto* name = std::get_if<ws::ExtensionName>(&step)) {
      fuzz::require(http::is_token(name->name));
      if (!reading.canonical.empty()) reading.canonical += ",";
      reading.canonical += name->name;
      continue;
    }
    const auto& parameter = std::get<ws::ExtensionParameter>(step);
    fuzz::require(!reading.canonical.empty() && http::is_token(parameter.name));
    reading.canonical.append(";").append(parameter.name);
    if (!parameter.value) continue;
    fuzz::require(!parameter.value->empty());
    reading.canonical.append("=\"").append(*parameter.value).append("\"");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view value = dunlin::as_string_view(copy);
  const Reading reading = read(value);
  fuzz::require(ws::is_valid_extension_list(value) == reading.valid);
  if (!reading.valid) return 0;
  const Reading again = read(reading.canonical);
  fuzz::require(again.valid && again.canonical == reading.canonical);
  return 0;
}
