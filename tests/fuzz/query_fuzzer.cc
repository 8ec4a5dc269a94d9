// Query parameters, targets and extension lists: any bytes, no crash; a value that was decoded is
// never longer than it was written.
#include "proto/http/query.h"
#include "proto/http/target.h"
#include "proto/ws/extension_list.h"
#include "proto/ws/origin.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view text = dunlin::as_string_view(copy);
  for (const std::string_view name : {"uid", "a", ""}) {
    const auto value = http::query_parameter(text, name);
    fuzz::require(!value || value->size() <= text.size());
  }
  const auto decoded = http::percent_decode(text);
  fuzz::require(!decoded || decoded->size() <= text.size());
  if (const auto target = http::parse_target(text)) {
    fuzz::require(target->path.starts_with('/'));
    fuzz::require(target->authority.empty() || http::is_valid_authority(target->authority));
  }
  (void)ws::is_valid_extension_list(text);
  const std::vector<std::string> allowed = {"same", "https://app.example"};
  (void)ws::is_origin_allowed(text, text, allowed);
  return 0;
}
