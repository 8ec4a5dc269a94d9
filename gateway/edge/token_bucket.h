// A rate with a burst in eight bytes: the generic cell rate algorithm (ITU-T I.371). Kept is the
// moment at which the bucket will be full again; taking moves it on.
//
// Owner: whoever is limited.   Thread: its shard's.   Bound: fixed size; integers only.
#pragma once

#include <algorithm>
#include <cstdint>

namespace edge {

struct Rate {
  std::uint64_t per_second = 0;  // 0: any rate.
  std::uint64_t burst = 1;
};

class TokenBucket {
 public:
  // Whether there is a token now.
  [[nodiscard]] bool has_token(std::uint64_t now_ms, const Rate& rate) const {
    return rate.per_second == 0 || ready_ms(rate) <= now_ms;
  }
  // Takes tokens, whether there are so many or not: what is owed is waited for.
  void take(std::uint64_t now_ms, std::uint64_t count, const Rate& rate) {
    if (rate.per_second == 0) return;
    full_at_ns_ = std::max(full_at_ns_, now_ms * kNsPerMs) + time_of(count, rate);
  }
  // When there will be a token, if none is taken meanwhile. Never, in the sense of has_token(),
  // before that.
  [[nodiscard]] std::uint64_t ready_ms(const Rate& rate) const {
    if (rate.per_second == 0) return 0;
    const std::uint64_t before_full_ns = time_of(rate.burst - 1, rate);
    if (full_at_ns_ <= before_full_ns) return 0;
    return (full_at_ns_ - before_full_ns + kNsPerMs - 1) / kNsPerMs;
  }

 private:
  static constexpr std::uint64_t kNsPerMs = 1'000'000;
  static constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

  // Below 2^33 tokens, as settings are: no overflow.
  static std::uint64_t time_of(std::uint64_t count, const Rate& rate) {
    return count * kNsPerSecond / rate.per_second;
  }

  std::uint64_t full_at_ns_ = 0;
};

}  // namespace edge
