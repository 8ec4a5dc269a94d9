#include "proto/http/target.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "proto/base/ascii.h"
#include "proto/http/field.h"

namespace http {
namespace {

bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7f; }

bool is_alphanumeric(char c) {
  const char lower = dunlin::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

// RFC 3986 3.2.2: unreserved, sub-delims and "%" of reg-name.
bool is_name_char(char c) {
  return is_alphanumeric(c) ||
         std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

// What can stand inside the brackets of an IP literal. Only ever compared and logged, so its inner
// form does not matter.
bool is_literal_char(char c) { return is_alphanumeric(c) || c == ':' || c == '.'; }

bool is_valid_port(std::string_view port) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return port.empty() || (error == std::errc{} && end == port.data() + port.size());
}

// Cuts "://" and what stands before it off, if that is a scheme of ours.
bool take_scheme(std::string_view& target) {
  const std::size_t end = target.substr(0, 8).find("://");
  if (end == std::string_view::npos) return false;
  const std::string_view scheme = target.substr(0, end);
  target.remove_prefix(end + 3);
  return std::ranges::any_of(std::initializer_list<std::string_view>{"http", "https", "ws", "wss"},
                             [&](auto ours) { return equals_ignoring_case(scheme, ours); });
}

}  // namespace

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || !std::ranges::all_of(target, is_visible_ascii)) return std::nullopt;
  // RFC 9112 3.2: a fragment is never sent.
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  Target result;
  if (target.front() != '/') {
    if (!take_scheme(target)) return std::nullopt;
    result.authority = target.substr(0, target.find_first_of("/?"));
    if (!is_valid_authority(result.authority)) return std::nullopt;
    target.remove_prefix(result.authority.size());
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  result.path = question == 0 ? "/" : target.substr(0, question);
  result.query = target.substr(std::min(question + 1, target.size()));
  return result;
}

bool is_valid_authority(std::string_view authority) {
  std::size_t host_size;
  if (authority.starts_with('[')) {
    host_size = authority.find(']');
    if (host_size == std::string_view::npos || host_size < 3) return false;
    if (!std::ranges::all_of(authority.substr(1, host_size - 1), is_literal_char)) return false;
    ++host_size;
  } else {
    host_size = std::min(authority.find(':'), authority.size());
    if (host_size == 0) return false;
    if (!std::ranges::all_of(authority.substr(0, host_size), is_name_char)) return false;
  }
  const std::string_view rest = authority.substr(host_size);
  return rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1)));
}

}  // namespace http
