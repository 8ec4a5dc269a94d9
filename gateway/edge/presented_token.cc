#include "gateway/edge/presented_token.h"

#include <utility>

#include "proto/http/field.h"
#include "proto/http/query.h"

namespace edge {
namespace {

constexpr std::string_view kSubprotocol = "bearer.";

}  // namespace

std::expected<std::string, auth::Refusal> presented_token(const http::RequestHead& head,
                                                          std::string_view query_parameter) {
  std::string token;
  std::size_t count = 0;
  const auto take = [&](std::string found) {
    token = std::move(found);
    ++count;
  };
  for (const http::Header& header : head.headers) {
    if (header.name == "authorization") {
      // Of another scheme it may be somebody else's business.
      if (const auto found = http::bearer_credentials(header.value)) take(std::string(*found));
    } else if (header.name == "sec-websocket-protocol") {
      http::ListReader list(header.value);
      for (std::string_view name; list.next(name);) {
        if (name.starts_with(kSubprotocol)) take(std::string(name.substr(kSubprotocol.size())));
      }
    }
  }
  if (!query_parameter.empty()) {
    count += http::count_query_parameters(head.query, query_parameter);
    if (auto found = http::query_parameter(head.query, query_parameter)) token = *std::move(found);
  }
  if (count > 1) return std::unexpected(auth::Refusal::kRepeated);
  // Shown, and empty: that is no token, and not the same as none.
  if (count == 1 && token.empty()) return std::unexpected(auth::Refusal::kMalformed);
  return token;
}

}  // namespace edge
