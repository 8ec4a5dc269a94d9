// The few bytes of HTTP, JSON and RFC 6455 that the limit server reads and writes. Trusts its
// client: it finds what dunlin-bench sends and validates nothing, because validation is a feature
// and this server has none. Does no I/O; views point into the caller's buffer.
//
// Owner: none (functions and values).   Thread: any.   Bound: one message in the caller's buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace limit {

inline constexpr std::size_t kFrameHeaderSizeMax = 10;  // A server's frame carries no masking key.

enum class Opcode : std::uint8_t {
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA
};

struct ClientFrame {
  Opcode opcode;
  std::span<char> payload;  // Unmasked in place.
};

// Takes one whole frame off the front of `input`; nothing while it is incomplete.
[[nodiscard]] std::optional<ClientFrame> next_frame(std::span<char>& input);

// Writes the header of an unfragmented frame and returns its size.
std::size_t write_frame_header(char* out, Opcode opcode, std::size_t payload_size);

struct Request {
  std::string_view head;  // Request line and fields, with the empty line.
  std::string_view body;
};

// Takes one whole request off the front of `input`; nothing while it is incomplete.
[[nodiscard]] std::optional<Request> next_request(std::span<char>& input);

// Takes one chunk of a chunked body off the front of `input` and returns its bytes, none for the
// last one; nothing while it is incomplete.
[[nodiscard]] std::optional<std::string_view> next_chunk(std::span<char>& input);

// The value of `Name: value` in a request head; `field` is given as "\r\nName: ".
[[nodiscard]] std::string_view field_value(std::string_view head, std::string_view field);

// The 101 answer to an opening handshake (section 4.2.2); empty when there is no key.
[[nodiscard]] std::string upgrade_answer(std::string_view head);

struct Push {
  bool everyone = false;  // {"all":true} or {"channel":…}: there is only one audience here.
  std::uint32_t uid = 0;
  std::string_view text;
};

// {"uid":"123456","text":"…"}; the text holds no escapes.
[[nodiscard]] std::optional<Push> parse_push(std::string_view json);

// {"uid":"123456"}: the login message.
[[nodiscard]] std::optional<std::uint32_t> parse_uid(std::string_view json);

}  // namespace limit
