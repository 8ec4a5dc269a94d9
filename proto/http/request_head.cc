#include "proto/http/request_head.h"

#include <algorithm>

namespace http {

std::string_view RequestHead::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::string_view{} : found->value;
}

std::size_t RequestHead::header_count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count(headers, name, &Header::name));
}

}  // namespace http
