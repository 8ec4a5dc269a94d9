#include "gateway/cross/counters.h"

namespace cross {

std::string_view name_of(DropCause cause) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(DropCause::kCount)>
      kNames = {"queue_full",       "oldest",    "expired", "slow_consumer",
                "connection_ended", "ring_full", "memory",  "unsubscribed"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string_view name_of(CloseCause cause) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(CloseCause::kCount)>
      kNames = {"client",       "lost",    "violation",     "slow_consumer", "kicked",
                "replaced",     "refused", "login_timeout", "login_failed",  "pong_timeout",
                "idle_timeout", "drain",   "rate",          "memory",        "token_expired"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string_view name_of(HandshakeResult result) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(HandshakeResult::kCount)>
      kNames = {"accepted",    "rejected",      "page",     "timeout", "lost",        "refused",
                "accept_rate", "address_limit", "gave_way", "memory",  "proxy_header"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(TlsResult result) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(TlsResult::kCount)>
      kNames = {"full", "resumed", "failed"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(DeflateResult result) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(DeflateResult::kCount)>
      kNames = {"smaller", "not_smaller", "no_time"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(InflateFailure failure) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(InflateFailure::kCount)>
      kNames = {"too_big", "corrupt", "too_many_blocks"};
  return kNames[static_cast<std::size_t>(failure)];
}

void LatencyHistogram::record(std::uint64_t latency_ns, std::uint64_t count) {
  static constexpr auto kBoundsNs = [] {
    std::array<std::uint64_t, kBoundsSeconds.size()> bounds{};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      bounds[i] = static_cast<std::uint64_t>(kBoundsSeconds[i] * 1e9 + 0.5);
    }
    return bounds;
  }();
  std::size_t index = 0;
  while (index < kBoundsNs.size() && latency_ns > kBoundsNs[index]) ++index;
  buckets_[index].add(count);
  sum_ns_.add(latency_ns * count);
}

}  // namespace cross
