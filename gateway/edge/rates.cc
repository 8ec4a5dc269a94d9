// How much a client may send: messages and bytes, by token buckets. What a client sends too much is
// not lost: it stays in its own socket (pause), or the connection ends (close).

#include <algorithm>

#include "gateway/edge/edge.h"

namespace edge {

Rate Edge::message_rate_of(const config::Profile& profile) {
  return {.per_second = profile.message_rate, .burst = profile.message_burst};
}

Rate Edge::byte_rate_of(const config::Profile& profile) {
  return {.per_second = profile.byte_rate, .burst = profile.byte_burst};
}

// Others are bounded otherwise: by the size of a head, or of what is discarded.
bool Edge::has_tokens(Slot slot) const {
  const Connection& c = connections_[slot];
  if (c.phase != Phase::kOpen && c.phase != Phase::kLogin) return true;
  const config::Profile& profile = profile_of(c);
  return c.messages.has_token(now_ms_, message_rate_of(profile)) &&
         c.bytes.has_token(now_ms_, byte_rate_of(profile));
}

std::uint64_t Edge::tokens_at_ms(const Connection& c) const {
  const config::Profile& profile = profile_of(c);
  return std::max(c.messages.ready_ms(message_rate_of(profile)),
                  c.bytes.ready_ms(byte_rate_of(profile)));
}

// No more in one call than the bucket holds: a small rate is not owed a large buffer for minutes.
std::size_t Edge::read_size(const Connection& c) const {
  if (!c.joined || profile_of(c).byte_rate == 0) return kReadBufferSize;
  return std::min<std::size_t>(kReadBufferSize, profile_of(c).byte_burst);
}

// `rest`: received, and not to be looked at now.
Edge::Flow Edge::overrun(Slot slot, std::span<const std::byte> rest) {
  Connection& c = connections_[slot];
  const config::Profile& profile = profile_of(c);
  if (profile.rate_overflow == config::RateOverflow::kClose) {
    const bool messages = !c.messages.has_token(now_ms_, message_rate_of(profile));
    fail(slot, ws::CloseCode::kPolicyViolation, messages ? "too many messages" : "too many bytes",
         cross::CloseCause::kRate);
    return Flow::kStop;
  }
  counters_.rate_pauses.add();
  c.rate_paused = true;
  if (!rest.empty()) pause_reading(slot, rest);
  reschedule(slot);
  return Flow::kStop;
}

}  // namespace edge
