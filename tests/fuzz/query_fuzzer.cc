// Query parameters, targets and origins: any bytes, no crash; what is decoded is never longer than
// it was written; what was encoded is found again.
#include <fmt/format.h>

#include "proto/http/query.h"
#include "proto/http/target.h"
#include "proto/ws/origin.h"
#include "tests/fuzz/text.h"

namespace {

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return out;
}

// The input as name and value, between parameters that are not asked for.
void check_round_trip(std::string_view text) {
  std::string_view value = text;
  const std::string_view name = fuzz::take_until(value, '=');
  const std::string written = encoded(name) + "=" + encoded(value);
  fuzz::require(http::percent_decode(encoded(text)) == text);
  for (const std::string& query :
       {written, written + "&" + written + "x", "&&%=&%2=1&" + written}) {
    fuzz::require(http::query_parameter(query, name) == value);
  }
  const std::string other = std::string(name) + "'";
  fuzz::require(!http::query_parameter(written, other));
}

void check_target(std::string_view text) {
  const auto target = http::parse_target(text);
  if (!target) return;
  fuzz::require(target->path.starts_with('/'));
  fuzz::require(target->path.find_first_of("?#") == std::string_view::npos);
  fuzz::require(target->authority.empty() || http::is_valid_authority(target->authority));
  // Nothing is decoded or made up: the parts are those of the text, in order.
  std::string again(target->path);
  if (text.find('?') != std::string_view::npos) again.append("?").append(target->query);
  fuzz::require(text.ends_with(again) || target->path == "/");
  for (const char c : text) fuzz::require(c > ' ' && c < 0x7f && c != '#');
}

}  // namespace

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
  check_round_trip(text);
  check_target(text);
  std::string_view host = text;
  const std::string_view origin = fuzz::take_until(host, '\n');
  const std::vector<std::string> nobody;
  const std::vector<std::string> one = {"https://app.example"};
  const std::vector<std::string> any = {"any"};
  fuzz::require(!ws::is_origin_allowed(origin, host, nobody));
  fuzz::require(ws::is_origin_allowed(origin, host, any));
  if (ws::is_origin_allowed(origin, host, one)) {
    fuzz::require(origin.size() == one[0].size());
  }
  return 0;
}
