// What every payload of the harness carries: who sent it, its number, and when it was due. Plain
// ASCII without any character that JSON or a URL would escape. What is around it says payload.h.
//
//   ~ssssnnnnnnnnnnnntttttttttttttttt      s stream, n number, t due time, hexadecimal
//
// Owner: none (functions and values).   Thread: any.   Bound: kStampSize bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace load {

struct Stamp {
  std::uint16_t stream = 0;    // Numbers count per stream and receiver.
  std::uint64_t sequence = 0;  // 48 bits.
  std::int64_t due_ns = 0;     // Of the monotonic clock, the same in all threads of one machine.
};

inline constexpr std::size_t kStampSize = 1 + 4 + 12 + 16;

// Writes the stamp to the first kStampSize bytes.
void write_stamp(std::span<char> bytes, const Stamp& stamp);

// Of the first kStampSize bytes; nothing when they are no stamp.
[[nodiscard]] std::optional<Stamp> read_stamp(std::string_view bytes);

}  // namespace load
