// The client's side of the NATS protocol, without I/O: lines of text that end in CRLF, of which MSG
// and PUB are followed by a payload of the size they name. Over WebSocket its bytes come as they
// would over TCP: messages carry any piece of the stream.
//
// Owner: none (functions and values).   Thread: any.   Bound: kNatsLineSizeMax, kNatsPayloadMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

inline constexpr std::size_t kNatsLineSizeMax = 64 << 10;  // INFO names every server of a cluster.
inline constexpr std::size_t kNatsPayloadMax = 64 << 20;   // As of a WebSocket message.

struct NatsStep {
  enum class Kind : std::uint8_t {
    kNeedInput,    // No whole step is there yet.
    kPublication,  // MSG.
    kPing,
    kPong,
    kRemark,  // INFO and +OK: nothing to do.
    kError,   // -ERR; the server mostly closes then.
    kFault,   // Not this protocol. Final.
  };

  Kind kind = Kind::kNeedInput;
  std::string_view text = {};  // Payload or reason, inside the caller's buffer.
};

// Takes one step off the front of `input`.
[[nodiscard]] NatsStep next_nats_step(std::string_view& input);

// What a client says first: no +OK for each line, and nothing of its own sent back.
inline constexpr std::string_view kNatsConnect =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\n";
inline constexpr std::string_view kNatsPing = "PING\r\n";
inline constexpr std::string_view kNatsPong = "PONG\r\n";

struct NatsPublication {
  std::string_view subject;
  std::string_view payload;
};

void append_nats_publication(std::string& out, const NatsPublication& publication);

}  // namespace load
