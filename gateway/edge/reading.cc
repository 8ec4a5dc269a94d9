// Bytes from a descriptor to the phase that understands them, fairly: one read buffer's worth for
// each connection and turn.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "gateway/edge/edge.h"

namespace edge {

void Edge::on_ready(loop::PollKey key, loop::Readiness readiness) {
  if (key.slot >= connections_.size()) return;
  const Ref ref{key.slot, key.generation};
  if (is_gone(ref)) return;
  if (readiness.writable) write(key.slot);
  if (is_gone(ref)) return;
  if (readiness.readable || readiness.peer_closed) read(key.slot, readiness.peer_closed);
}

// What waits leaves in slices, so that one long backlog does not hold up all others.
void Edge::write(Slot slot) {
  const Connection& c = connections_[slot];
  if (c.tls != nullptr && !flush_tls(slot)) return;
  if (c.joined && hub_.members()[slot].queue != nullptr &&
      hub_.delivery().on_writable(slot, kWriteBudget)) {
    connections_[slot].write_again = true;
    writing_.push_back(slot);
  }
  after_write(slot);
}

// Edge-triggered: what is left in the kernel after a short read announces itself again, but an end
// of stream that came with the last bytes does not; hence `until_empty`.
void Edge::read(Slot slot, bool until_empty) {
  Connection& c = connections_[slot];
  if (c.awaits_proxy && read_proxy_header(slot) == Flow::kStop) return;
  std::size_t budget = kReadBudget;
  while (budget > 0) {
    // Kept for later; the end of a stream is seen then, too.
    if (c.read_paused || c.rate_paused || c.input != nullptr || c.answer != nullptr) return;
    if (tls_ended(c)) {  // Its end came with input that had to wait: nothing tells of it again.
      on_peer_end(slot);
      return;
    }
    if (!has_tokens(slot) && overrun(slot, {}) == Flow::kStop) return;
    if (c.tls != nullptr && c.tls->state() == tls::Stream::State::kHandshake &&
        tls_steps_++ >= config_->tls.handshakes_per_turn) {
      read_later(slot);  // Each costs as much as a hundred pushes.
      return;
    }
    const std::span<std::byte> buffer = receive_buffer(c);
    const ssize_t size = ::recv(c.fd, buffer.data(), buffer.size(), 0);
    if (size > 0) {
      const auto received = static_cast<std::size_t>(size);
      if (take_input(slot, buffer.first(received)) == Flow::kStop) return;
      if (received < buffer.size() && !until_empty) return;
      budget -= std::min(budget, received);
    } else if (size == 0) {
      on_peer_end(slot);
      return;
    } else if (errno != EINTR) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) end(slot, cross::CloseCause::kLost);
      return;
    }
  }
  read_later(slot);
}

// What one call has received, through TLS if that is spoken.
Edge::Flow Edge::take_input(Slot slot, std::span<std::byte> bytes) {
  Connection& c = connections_[slot];
  counters_.bytes_in.add(bytes.size());
  c.last_read_ms = now_ms_;
  c.ping_outstanding = false;
  if (c.joined) c.bytes.take(now_ms_, bytes.size(), byte_rate_of(profile_of(c)));
  if (c.tls != nullptr && decrypt(slot, bytes) == Flow::kStop) return Flow::kStop;
  const Ref self = ref_to(slot);
  const Flow flow = bytes.empty() ? Flow::kGoOn : process(slot, bytes);
  if (!is_gone(self)) account_input(slot);
  if (flow == Flow::kStop) return Flow::kStop;
  if (!tls_ended(c)) return Flow::kGoOn;
  on_peer_end(slot);
  return Flow::kStop;
}

bool Edge::tls_ended(const Connection& c) {
  return c.tls != nullptr && c.tls->state() == tls::Stream::State::kEnded;
}

std::span<std::byte> Edge::receive_buffer(const Connection& c) const {
  const std::size_t size_max = read_size(c);
  if (c.tls == nullptr) return {read_buffer_.get(), size_max};
  return {cipher_buffer_.get(), std::min(size_max, kCipherBufferSize)};
}

Edge::Flow Edge::process(Slot slot, std::span<std::byte> bytes) {
  const Connection& c = connections_[slot];
  if (c.phase == Phase::kHandshake && on_head_bytes(slot, bytes) == Flow::kStop) {
    return Flow::kStop;
  }
  switch (c.phase) {
    case Phase::kLogin:
    case Phase::kOpen:
    case Phase::kClosing:
      return on_frames(slot, bytes);
    case Phase::kHandshake:
      return Flow::kGoOn;  // Incomplete.
    case Phase::kLingering:
      return discard(slot, bytes.size());
    case Phase::kFree:
      break;
  }
  return Flow::kStop;
}

Edge::Flow Edge::discard(Slot slot, std::size_t size) {
  Connection& c = connections_[slot];
  c.discarded += static_cast<std::uint32_t>(size);
  if (c.discarded < kDiscardMax) return Flow::kGoOn;
  end(slot, c.cause);
  return Flow::kStop;
}

void Edge::keep_input(Slot slot, std::span<const std::byte> rest) {
  connections_[slot].input = std::make_unique<std::string>(dunlin::as_string_view(rest));
  account_input(slot);
}

void Edge::pause_reading(Slot slot, std::span<const std::byte> rest) {
  keep_input(slot, rest);
  Connection& c = connections_[slot];
  if (c.rate_paused) return;  // A timer tells when to go on.
  c.in_ready_list = true;
  held_back_.push_back(slot);
}

void Edge::read_later(Slot slot) {
  Connection& c = connections_[slot];
  if (c.in_ready_list) return;
  c.in_ready_list = true;
  ready_.push_back(slot);
}

void Edge::run_ready() {
  for (const Slot slot : std::exchange(writing_, {})) {
    if (!connections_[slot].write_again) continue;
    connections_[slot].write_again = false;
    write(slot);
  }
  subscribe_waiting();
  std::vector<Slot> ready = std::exchange(ready_, {});
  ready.insert(ready.end(), held_back_.begin(), held_back_.end());
  held_back_.clear();
  std::vector<Slot> waiting;  // For the next turn's budget: they go first then.
  for (const Slot slot : ready) {
    Connection& c = connections_[slot];
    if (c.phase == Phase::kFree) continue;
    if (c.rate_paused) {
      c.in_ready_list = false;
      continue;
    }
    if (c.input != nullptr && must_wait(c)) {
      held_back_.push_back(slot);
      continue;
    }
    if (c.input != nullptr && inflated_enough(c)) {
      waiting.push_back(slot);
      continue;
    }
    c.in_ready_list = false;
    if (c.input != nullptr) process_stored(slot);
    if (c.phase != Phase::kFree) read(slot, /*until_empty=*/true);
  }
  ready_.insert(ready_.begin(), waiting.begin(), waiting.end());
}

void Edge::process_stored(Slot slot) {
  const std::unique_ptr<std::string> stored = std::move(connections_[slot].input);
  const Ref self = ref_to(slot);
  process(slot, std::as_writable_bytes(std::span(*stored)));
  if (!is_gone(self)) account_input(slot);
}

void Edge::on_peer_end(Slot slot) {
  Connection& c = connections_[slot];
  c.peer_closed = true;
  const bool unsent = c.answer != nullptr || (c.joined && hub_.members()[slot].queue != nullptr);
  if (c.phase == Phase::kLingering && unsent) return;  // A half-closed peer may still read.
  if (c.phase == Phase::kHandshake) counters_.handshakes[cross::HandshakeResult::kLost].add();
  end(slot, cross::CloseCause::kLost);
}

}  // namespace edge
