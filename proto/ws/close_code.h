// The status codes of a closing handshake: RFC 6455 section 7.4 and the IANA registry it founded.
// There is no other list of codes in this project.
#pragma once

#include <cstdint>

namespace ws {

enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // Never on the wire: the peer's Close frame had no code.
  kAbnormal = 1006,  // Never on the wire: the connection ended without a Close frame.
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kMandatoryExtension = 1010,
  kInternalError = 1011,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,
  kBadGateway = 1014,
};

// 7.4.2: 3000-3999 are registered by libraries, 4000-4999 belong to applications.
inline constexpr std::uint16_t kLibraryCodeMin = 3000;
inline constexpr std::uint16_t kApplicationCodeMin = 4000;
inline constexpr std::uint16_t kApplicationCodeMax = 4999;

// Whether an endpoint may put this code into a Close frame: the assigned codes, but for 1004 to
// 1006 and 1015, which 7.4.1 reserves, and the two ranges above.
[[nodiscard]] constexpr bool is_valid_on_wire(std::uint16_t code) {
  const bool assigned = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  return assigned || (code >= kLibraryCodeMin && code <= kApplicationCodeMax);
}

}  // namespace ws
