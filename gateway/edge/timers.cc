// Deadlines and heartbeats: one wheel entry for each connection, set to the nearest of its times.

#include <algorithm>
#include <string>

#include "gateway/edge/edge.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/handshake.h"

namespace edge {
namespace {

// How soon input that has to wait is tried again.
constexpr std::uint64_t kHeldBackRetryMs = 1;

}  // namespace

void Edge::reschedule(Slot slot) {
  const Connection& c = connections_[slot];
  std::uint64_t nearest = 0;
  const auto consider = [&](std::uint64_t at) {
    if (at != 0 && (nearest == 0 || at < nearest)) nearest = at;
  };
  consider(c.phase_deadline_ms);
  consider(c.next_ping_ms);
  consider(c.next_heartbeat_ms);
  consider(c.queue_expiry_ms);
  if (c.rate_paused) consider(std::max<std::uint64_t>(tokens_at_ms(c), 1));  // 0: now.
  if (c.phase == Phase::kOpen && c.grant != nullptr) {
    consider(c.grant->notice_ms);
    consider(c.grant->expires_ms);
  }
  if (c.phase == Phase::kOpen && profile_of(c).idle_timeout_ms != 0 && !c.rate_paused) {
    consider(c.last_read_ms + profile_of(c).idle_timeout_ms);
  }
  if (nearest == 0) {
    wheel_.cancel(slot);
  } else {
    wheel_.set(slot, nearest);
  }
}

std::uint64_t Edge::jittered(std::uint32_t interval_ms, std::uint32_t jitter_percent) {
  const std::uint64_t spread = std::uint64_t{interval_ms} * jitter_percent / 100;
  return interval_ms - spread + random_() % (2 * spread + 1);
}

void Edge::start_timers(Slot slot) {
  Connection& c = connections_[slot];
  const config::Profile& profile = profile_of(c);
  c.last_read_ms = now_ms_;
  if (!c.draining) {
    c.phase_deadline_ms = c.phase == Phase::kLogin ? now_ms_ + profile.login_timeout_ms : 0;
  }
  if (draining_ && !c.draining) {
    c.draining = true;
    c.phase_deadline_ms = now_ms_ + 1;
  }
  c.next_ping_ms = profile.ping_interval_ms == 0
                       ? 0
                       : now_ms_ + jittered(profile.ping_interval_ms, profile.ping_jitter_percent);
  c.next_heartbeat_ms =
      profile.heartbeat_text.empty() ? 0 : now_ms_ + profile.heartbeat_interval_ms;
  reschedule(slot);
}

std::optional<std::uint64_t> Edge::next_wake_ms() const {
  if (held_back_.empty() && waiting_.empty()) return wheel_.next_wake_ms();
  return now_ms_ + kHeldBackRetryMs;  // Nothing tells when another shard has room again.
}

void Edge::run_timers() {
  due_.clear();
  wheel_.advance(now_ms_, due_);
  for (const Slot slot : due_) {
    if (connections_[slot].phase != Phase::kFree) on_timer(slot);
  }
}

void Edge::on_timer(Slot slot) {
  Connection& c = connections_[slot];
  if (c.phase_deadline_ms != 0 && c.phase_deadline_ms <= now_ms_) {
    on_phase_deadline(slot);
    if (c.phase == Phase::kFree) return;
  }
  if (c.rate_paused && tokens_at_ms(c) <= now_ms_) {
    c.rate_paused = false;
    c.last_read_ms = now_ms_;  // That nothing was read is our doing.
    read_later(slot);
  }
  const bool open = c.phase == Phase::kOpen || c.phase == Phase::kLogin;
  if (c.phase == Phase::kOpen) {
    const std::uint32_t idle_timeout = profile_of(c).idle_timeout_ms;
    if (idle_timeout != 0 && !c.rate_paused && c.last_read_ms + idle_timeout <= now_ms_) {
      begin_close(slot, ws::CloseCode{kIdle}, "idle", cross::CloseCause::kIdle);
      return;
    }
  }
  if (on_token_timer(slot)) return;
  if (open && c.next_ping_ms != 0 && c.next_ping_ms <= now_ms_) send_ping(slot);
  if (open && c.next_heartbeat_ms != 0 && c.next_heartbeat_ms <= now_ms_) {
    // A heartbeat is worth something now or never: it is not queued behind a backlog.
    if (hub_.members()[slot].queue == nullptr) send_text(slot, profile_of(c).heartbeat_text);
    // Kept to the beat, but never run after what a long pause has missed.
    c.next_heartbeat_ms =
        std::max(c.next_heartbeat_ms + profile_of(c).heartbeat_interval_ms, now_ms_ + 1);
  }
  if (c.queue_expiry_ms != 0 && c.queue_expiry_ms <= now_ms_) {
    c.queue_expiry_ms = 0;
    hub_.delivery().expire(slot);
    after_write(slot);
    if (c.phase == Phase::kFree) return;
  }
  reschedule(slot);
}

void Edge::on_phase_deadline(Slot slot) {
  Connection& c = connections_[slot];
  c.phase_deadline_ms = 0;
  switch (c.phase) {
    case Phase::kHandshake:
      if (c.tls != nullptr && c.tls->state() == tls::Stream::State::kHandshake) {
        counters_.handshakes[cross::HandshakeResult::kTimeout].add();
        end(slot, cross::CloseCause::kLost);
        break;
      }
      answer_and_linger(slot,
                        ws::rejection_response(408, "handshake_timeout",
                                               "the request head did not arrive in time"),
                        cross::HandshakeResult::kTimeout);
      break;
    case Phase::kLogin:
    case Phase::kOpen:
      if (c.draining) {
        begin_close(slot, ws::CloseCode::kServiceRestart, "shutting down",
                    cross::CloseCause::kDrain);
      } else if (c.phase == Phase::kLogin) {
        begin_close(slot, ws::CloseCode{kLoginTimeout}, "no login in time",
                    cross::CloseCause::kLoginTimeout);
      } else if (c.rate_paused) {
        // Its Pong may have come: it is we who do not read.
        c.phase_deadline_ms = now_ms_ + profile_of(c).pong_timeout_ms;
      } else if (c.ping_outstanding) {
        fail(slot, ws::CloseCode{kPongTimeout}, "no pong in time", cross::CloseCause::kPongTimeout);
      }
      break;
    case Phase::kClosing:
    case Phase::kLingering:
      end(slot, c.cause);
      break;
    case Phase::kFree:
      break;
  }
}

void Edge::send_ping(Slot slot) {
  Connection& c = connections_[slot];
  const config::Profile& profile = profile_of(c);
  c.next_ping_ms = now_ms_ + jittered(profile.ping_interval_ms, profile.ping_jitter_percent);
  if (!c.ping_outstanding) {
    c.ping_outstanding = true;
    if (!c.draining && c.phase == Phase::kOpen) {
      c.phase_deadline_ms = now_ms_ + profile.pong_timeout_ms;
    }
  }
  std::string frame;
  ws::append_frame(frame, ws::Opcode::kPing, {});
  hub_.delivery().send_framed(slot, dunlin::as_bytes(frame), {},
                              static_cast<std::uint8_t>(ws::Opcode::kPing));
}

void Edge::wake_at(hub::MemberIndex member, std::uint64_t at_ms) {
  Connection& c = connections_[member];
  if (c.queue_expiry_ms != 0 && c.queue_expiry_ms <= at_ms) return;
  c.queue_expiry_ms = at_ms;
  reschedule(member);
}

}  // namespace edge
