// The end of a connection: closing handshakes from either side, failures, and the last bytes.
// RFC 6455 sections 5.5.1 and 7.

#include <sys/socket.h>

#include <algorithm>
#include <string>

#include "gateway/edge/edge.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"

namespace edge {

bool Edge::close(hub::MemberIndex index, std::uint16_t code, std::string_view reason,
                 cross::CloseCause cause) {
  if (!hub_.members()[index].active) return false;
  begin_close(index, ws::CloseCode{code}, reason, cause);
  return true;
}

// Our side starts the closing handshake. What was queued before leaves before the Close frame.
void Edge::begin_close(Slot slot, ws::CloseCode code, std::string_view reason,
                       cross::CloseCause cause) {
  Connection& c = connections_[slot];
  if (c.phase != Phase::kOpen && c.phase != Phase::kLogin) return;
  hub_.delivery().flush();  // Pushes that were accepted before this go before it.
  hub_.deactivate(slot);
  c.cause = cause;
  enter_closing(slot);
  send_close_frame(slot, code, reason);
}

void Edge::enter_closing(Slot slot) {
  Connection& c = connections_[slot];
  c.phase = Phase::kClosing;
  c.phase_deadline_ms = now_ms_ + config_->handshake.close_timeout_ms;
  c.next_ping_ms = 0;
  c.next_heartbeat_ms = 0;
  read_on(slot);
  reschedule(slot);
}

// Rates are for who stays: of one that ends, the end is to be seen.
void Edge::read_on(Slot slot) {
  if (!connections_[slot].rate_paused) return;
  connections_[slot].rate_paused = false;
  read_later(slot);
}

// 7.1.7: fails the connection: no further byte of it is looked at.
void Edge::fail(Slot slot, ws::CloseCode code, std::string_view reason, cross::CloseCause cause) {
  Connection& c = connections_[slot];
  const bool close_sent = c.phase == Phase::kClosing;
  if (!close_sent) c.cause = cause;
  hub_.deactivate(slot);
  hub_.delivery().discard_waiting(slot, cross::DropCause::kEnded);
  if (!close_sent) send_close_frame(slot, code, reason);
  c.session = ws::Session(0);  // An unfinished message is of no use any more.
  c.input.reset();             // Nor is what was held back.
  account_input(slot);
  linger(slot);
}

void Edge::on_close_frame(Slot slot, const ws::Close& close) {
  Connection& c = connections_[slot];
  c.peer_closed = true;
  if (c.phase != Phase::kClosing) {
    c.cause = cross::CloseCause::kClient;
    hub_.delivery().flush();
    hub_.deactivate(slot);
    // It will read nothing more that was meant for it; the answer is a Close with its own code.
    hub_.delivery().discard_waiting(slot, cross::DropCause::kEnded);
    enter_closing(slot);
    send_close_frame(slot, close.code, {});
  }
  // 7.1.1: the server closes the TCP connection, and at once.
  if (hub_.members()[slot].queue == nullptr) end(slot, c.cause);
}

void Edge::send_close_frame(Slot slot, ws::CloseCode code, std::string_view reason) {
  std::string frame;
  ws::append_close_frame(frame, code, reason);
  hub_.delivery().send_framed(slot, dunlin::as_bytes(frame), {},
                              static_cast<std::uint8_t>(ws::Opcode::kClose));
}

// Waits, for a bounded time, until what was said has left and the peer has seen it: closing at once
// with unread input in the kernel would reset the connection and could destroy our last bytes.
void Edge::linger(Slot slot) {
  Connection& c = connections_[slot];
  c.phase = Phase::kLingering;
  c.phase_deadline_ms = now_ms_ + config_->handshake.close_timeout_ms;
  c.next_ping_ms = 0;
  c.next_heartbeat_ms = 0;
  read_on(slot);
  reschedule(slot);
  after_write(slot);
}

// An HTTP answer goes out as the socket takes it.
void Edge::send_answer(Slot slot) {
  Connection& c = connections_[slot];
  const iovec part{c.answer->data(), c.answer->size()};
  net::SendOperation operation{.tag = slot, .fd = c.fd, .parts = &part, .parts_count = 1};
  send({&operation, 1});  // A broken connection is noted, and ends with the turn.
  if (operation.result <= 0) return;
  const auto sent = static_cast<std::size_t>(operation.result);
  counters_.bytes_out.add(sent);
  c.answer->erase(0, sent);
  if (c.answer->empty()) c.answer.reset();
}

void Edge::after_write(Slot slot) {
  Connection& c = connections_[slot];
  if (c.phase == Phase::kLingering && c.answer != nullptr) {
    send_answer(slot);
    if (c.answer != nullptr) return;
  }
  if (c.read_paused && !owes_answers(slot)) {
    c.read_paused = false;
    read_later(slot);
  }
  if (c.joined && hub_.members()[slot].queue != nullptr) return;
  const bool ending = c.phase == Phase::kClosing || c.phase == Phase::kLingering;
  if (ending && c.peer_closed) {
    end(slot, c.cause);
  } else if (c.phase == Phase::kLingering && !c.write_shut) {
    if (c.tls != nullptr && !say_goodbye(slot)) return;
    c.write_shut = true;
    ::shutdown(c.fd, SHUT_WR);
  }
}

// Asks all to go.
void Edge::drain(std::uint32_t window_ms, std::uint32_t reconnect_spread_ms) {
  draining_ = true;
  for (Slot slot = 0; slot < connections_.size(); ++slot) {
    Connection& c = connections_[slot];
    if (c.phase == Phase::kFree || (c.joined && hub_.members()[slot].internal)) continue;
    if (c.phase == Phase::kHandshake) {  // Browsers connect in advance and say nothing for long.
      c.phase_deadline_ms = std::min(c.phase_deadline_ms, now_ms_ + kLastHandshakeMs);
      reschedule(slot);
      continue;
    }
    if (c.phase != Phase::kOpen && c.phase != Phase::kLogin) continue;
    if (c.protocol) {
      std::string notice;
      push::append_reconnect(notice,
                             reconnect_spread_ms == 0
                                 ? 0
                                 : static_cast<std::uint32_t>(random_()) % reconnect_spread_ms);
      send_text(slot, notice);
    }
    c.draining = true;
    if (window_ms == 0) {
      begin_close(slot, ws::CloseCode::kServiceRestart, "shutting down", cross::CloseCause::kDrain);
      continue;
    }
    c.phase_deadline_ms = now_ms_ + static_cast<std::uint32_t>(random_()) % window_ms;
    reschedule(slot);
  }
}

}  // namespace edge
