// When a client that was turned away comes back: not before the server's hint (Retry-After), or
// after pauses that double where there was none; both with jitter, so that a crowd that was turned
// away together does not return together. Also keeps the server to its word: the first hint says
// when this client will be let in.
//
// Owner: a client of ClientSet.   Thread: its worker's.   Bound: 16 bytes; pauses of kPauseMax.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "bench/load/clock.h"

namespace load {

class Retry {
 public:
  static constexpr std::int64_t kPauseMin = 10 * kMillisecond;
  static constexpr std::int64_t kPauseMax = 2 * kSecond;

  // Turned away at `now`; `jitter` is a random number of [0, 1). Returns when to try again.
  std::int64_t after_refusal(std::int64_t now, std::optional<std::uint32_t> hint_s, double jitter) {
    if (hint_s) {
      const std::int64_t hint = std::int64_t{*hint_s} * kSecond;
      if (hint_end_ns_ == kNever) hint_end_ns_ = now + hint;
      return now + hint + share(std::max(hint / 10, kPauseMin), jitter);
    }
    const std::int64_t pause = std::min(kPauseMin << pauses_, kPauseMax);
    if (pause < kPauseMax) ++pauses_;
    return now + pause / 2 + share(pause / 2, jitter);
  }

  // How long after the time that its first hint named an attempt begun at `begun_ns` was turned
  // away, at `now`; 0 when it was begun before, or when there was no hint.
  [[nodiscard]] std::int64_t past_hint_ns(std::int64_t begun_ns, std::int64_t now) const {
    return begun_ns >= hint_end_ns_ ? now - hint_end_ns_ : 0;
  }

 private:
  static std::int64_t share(std::int64_t whole, double part) {
    return static_cast<std::int64_t>(static_cast<double>(whole) * part);
  }

  std::int64_t hint_end_ns_ = kNever;
  std::uint8_t pauses_ = 0;
};

}  // namespace load
