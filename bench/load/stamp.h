// What every payload of the harness begins with: who sent it, its number, and when it was due. The
// rest is filler of a known pattern, so that a receiver notices damage. Plain ASCII without any
// character that JSON or a URL would escape.
//
//   ~ssssnnnnnnnnnnnntttttttttttttttt abcdefgh…      s stream, n number, t due time, hexadecimal
//
// Owner: none (functions and values).   Thread: any.   Bound: kStampSize bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace load {

struct Stamp {
  std::uint16_t stream = 0;    // Numbers count per stream and receiver.
  std::uint64_t sequence = 0;  // 48 bits.
  std::int64_t due_ns = 0;     // Of the monotonic clock, the same in all threads of one machine.
};

inline constexpr std::size_t kStampSize = 1 + 4 + 12 + 16;

// A payload of `size` bytes (at least kStampSize) with an empty stamp.
[[nodiscard]] std::string make_payload(std::size_t size);

// Overwrites the stamp at the front of a payload.
void write_stamp(std::span<char> payload, const Stamp& stamp);

// Nothing when the payload is not one of ours (a server's heartbeat, a greeting).
[[nodiscard]] std::optional<Stamp> read_stamp(std::string_view payload);

// Whether what follows the stamp is what make_payload() put there.
[[nodiscard]] bool is_filler_intact(std::string_view payload, std::string_view original);

}  // namespace load
