// When a connection stops taking requests because its answers do not leave.
#pragma once

#include <cstddef>

namespace api {

// Some hundred receipts of usual size; one answer may go beyond it.
inline constexpr std::size_t kOutputHigh = 256 << 10;

}  // namespace api
