#include "gateway/cross/counters.h"

namespace cross {

std::string_view name_of(DropCause cause) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(DropCause::kCount)>
      kNames = {"queue_full",    "oldest",           "expired",
                "slow_consumer", "connection_ended", "ring_full"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string_view name_of(CloseCause cause) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(CloseCause::kCount)>
      kNames = {"client",       "lost",    "violation",     "slow_consumer", "kicked",
                "replaced",     "refused", "login_timeout", "login_failed",  "pong_timeout",
                "idle_timeout", "drain",   "token_expired"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string_view name_of(HandshakeResult result) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(HandshakeResult::kCount)>
      kNames = {"accepted", "rejected", "page", "timeout", "lost", "refused"};
  return kNames[static_cast<std::size_t>(result)];
}

void LatencyHistogram::record(std::uint64_t latency_ns, std::uint64_t count) {
  const double seconds = static_cast<double>(latency_ns) * 1e-9;
  std::size_t index = 0;
  while (index < kBoundsSeconds.size() && seconds > kBoundsSeconds[index]) ++index;
  buckets_[index].add(count);
  sum_ns_.add(latency_ns * count);
}

}  // namespace cross
