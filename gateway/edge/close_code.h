// The status codes of ours (RFC 6455 7.4.2: 4000–4999 are private). The hundreds tell a client what
// to do: 40xx do not come back, 41xx come back after a while, 42xx come back at once. The
// protocol's own are in proto/ws/close_code.h.
#pragma once

#include <cstdint>

namespace edge {

inline constexpr std::uint16_t kKicked = 4000;  // The API's, where a call names no other.
inline constexpr std::uint16_t kReplaced = 4001;
inline constexpr std::uint16_t kTooManyConnections = 4002;
inline constexpr std::uint16_t kLoginFailed = 4003;
inline constexpr std::uint16_t kTokenExpired = 4004;
inline constexpr std::uint16_t kSlowConsumer = 4100;
inline constexpr std::uint16_t kLoginTimeout = 4101;
inline constexpr std::uint16_t kIdle = 4102;
inline constexpr std::uint16_t kPongTimeout = 4200;

}  // namespace edge
