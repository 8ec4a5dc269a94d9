#include "gateway/api/close_parameters.h"

#include <utility>

#include "proto/http/query.h"

namespace api {

std::expected<CloseParameters, ApiError> close_parameters(const Call& call) {
  CloseParameters close;
  const auto code = number_parameter(call, "code", close.code, 65'535);
  if (!code || (*code != 1000 && *code != 1008 && (*code < 4000 || *code > 4999))) {
    return std::unexpected(bad_parameter("code", "must be 1000, 1008, or from 4000 to 4999"));
  }
  close.code = static_cast<std::uint16_t>(*code);
  if (auto reason = http::query_parameter(call.head.query, "reason")) {
    // RFC 6455 5.5: a control frame has 125 bytes, of which the code takes two.
    if (reason->size() > 123 || !push::is_valid_utf8(*reason)) {
      return std::unexpected(bad_parameter("reason", "must be at most 123 bytes of UTF-8"));
    }
    close.reason = std::move(*reason);
  }
  return close;
}

}  // namespace api
