// What the harness sends: a stamp, and around it what is the same in all messages of a run, so that
// a receiver notices damage.
//
//   letters   ~stamp abcdefghijklmnopqrstuvwxyzabc…   needs no escapes anywhere
//   json      {"id":"~stamp…","type":"feed","items":[{"user":…},…],"note":"…"}
//
// JSON is what messages look like that are worth compressing: records with the same keys and other
// values, some of them text. Words, names and numbers are drawn from a fixed seed, so that every
// run has the same ones; deflate makes 1 KiB of it about half as large, 4 KiB a third.
//
// Owner: a source of load, or who receives.   Thread: its worker's.   Bound: `size`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/load/stamp.h"

namespace load {

enum class PayloadKind : std::uint8_t { kLetters, kJson };

class Payload {
 public:
  static constexpr std::size_t kJsonSizeMin = 128;

  // Of `size` bytes; at least kStampSize, of JSON kJsonSizeMin.
  Payload(PayloadKind kind, std::size_t size);

  void stamp(const Stamp& stamp);
  [[nodiscard]] std::string_view text() const { return text_; }

  // Of a message that was received; nothing when it is not one of ours (a server's heartbeat, a
  // greeting).
  [[nodiscard]] std::optional<Stamp> stamp_of(std::string_view message) const;
  // Whether everything around the stamp is as it was sent.
  [[nodiscard]] bool is_intact(std::string_view message) const;

 private:
  std::string text_;
  std::size_t stamp_at_ = 0;
};

}  // namespace load
