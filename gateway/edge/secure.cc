// Connections that speak TLS: between the descriptor and the phases. RFC 8446, RFC 5246.

#include "gateway/edge/edge.h"
#include "gateway/observe/log.h"

namespace edge {

// False: there was no memory for it, and the connection is gone.
bool Edge::start_tls(Slot slot) {
  connections_[slot].tls = tls::Stream::make(tls_);
  if (connections_[slot].tls != nullptr) return true;
  counters_.accept_errors.add();
  end(slot, cross::CloseCause::kLost);
  return false;
}

// Ciphertext becomes plaintext, in the read buffer. What TLS itself has to say leaves at once.
Edge::Flow Edge::decrypt(Slot slot, std::span<std::byte>& bytes) {
  Connection& c = connections_[slot];
  const bool establishing = c.tls->state() == tls::Stream::State::kHandshake;
  const std::size_t size = c.tls->receive(bytes, {read_buffer_.get(), kReadBufferSize});
  bytes = {read_buffer_.get(), size};
  const tls::Stream::State state = c.tls->state();
  if (establishing) count_tls_handshake(slot);
  if (!flush_tls(slot)) return Flow::kStop;
  if (state != tls::Stream::State::kFailed) return Flow::kGoOn;
  on_tls_failed(slot);
  return Flow::kStop;
}

// Once what it came to is known. The peer's end may have come with it.
void Edge::count_tls_handshake(Slot slot) {
  const tls::Stream& stream = *connections_[slot].tls;
  if (stream.state() == tls::Stream::State::kHandshake) return;
  const auto result = stream.state() == tls::Stream::State::kFailed ? cross::TlsResult::kFailed
                      : stream.resumed()                            ? cross::TlsResult::kResumed
                                                                    : cross::TlsResult::kFull;
  counters_.tls_handshakes[result].add();
}

void Edge::on_tls_failed(Slot slot) {
  Connection& c = connections_[slot];
  if (observe::enabled(observe::LogLevel::kDebug)) {
    observe::debug("TLS failed", {{"peer", net::to_string(c.peer)}, {"reason", c.tls->failure()}});
  }
  if (c.phase != Phase::kHandshake) {
    end(slot, cross::CloseCause::kLost);
    return;
  }
  if (c.tls->spoke_http()) {
    c.tls.reset();  // It is told in the language that it spoke.
    reject(slot, 400, "tls_required", "this port speaks TLS: use https or wss");
    return;
  }
  counters_.handshakes[cross::HandshakeResult::kRejected].add();
  end(slot, cross::CloseCause::kLost);
}

// False: the connection was broken, and is gone.
bool Edge::flush_tls(Slot slot) {
  Connection& c = connections_[slot];
  if (secure_sends_.flush(c.fd, *c.tls)) {
    account_pending(slot);
    return true;
  }
  if (c.phase == Phase::kHandshake) counters_.handshakes[cross::HandshakeResult::kLost].add();
  c.tls.reset();  // There is nobody to say goodbye to.
  end(slot, cross::CloseCause::kLost);
  return false;
}

// After each send: most have neither.
void Edge::account_pending(Slot slot) {
  const Connection& c = connections_[slot];
  if (c.tls != nullptr && (c.input_bytes != 0 || c.tls->buffer_memory() != 0)) account_input(slot);
}

// close_notify, behind all that is pending. False: it waits for the socket.
bool Edge::say_goodbye(Slot slot) {
  Connection& c = connections_[slot];
  c.tls->close();
  return !secure_sends_.flush(c.fd, *c.tls) || c.tls->pending().empty();
}

}  // namespace edge
