// ?code=&reason= of the requests that close connections.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "gateway/api/call.h"

namespace api {

struct CloseParameters {
  std::uint16_t code = 4000;
  std::string reason = "kicked";
};

// Codes 1000, 1008 and 4000 to 4999; a reason that fits into a Close frame.
[[nodiscard]] std::expected<CloseParameters, ApiError> close_parameters(const Call& call);

}  // namespace api
