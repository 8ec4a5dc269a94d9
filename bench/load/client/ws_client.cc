#include "bench/load/client/ws_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace load {
namespace {

// Masking keys must not be predictable for a browser's sake; for a load generator it is enough that
// they differ, so that no server is spared the unmasking.
std::uint32_t next_masking_key() {
  thread_local std::uint64_t state = 0x9E3779B97F4A7C15;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<std::uint32_t>(state >> 32);
}

}  // namespace

bool WsClient::open(Opening opening) {
  const int fd = start_connect(opening.target, opening.source, opening.receive_buffer_size);
  if (fd < 0) {
    errno = -fd;
    return false;
  }
  fd_ = fd;
  state_ = State::kConnecting;
  accept_ = opening.accept;
  refusal_ = {};
  failure_ = "";
  inflater_ = opening.inflater;
  if (opening.tls == nullptr) {
    unsent_ = std::move(opening.request);
  } else if (!start_tls(opening)) {
    close();
    errno = ENOMEM;
    return false;
  }
  loop_.add(fd_, *this, opening.lane);
  return true;
}

bool WsClient::start_tls(Opening& opening) {
  resume_ = opening.resume;
  tls_ = TlsStream::make(std::move(opening.tls), std::move(ticket_));
  if (tls_ == nullptr) return false;
  tls_->send(opening.request, unsent_);
  return true;
}

void WsClient::on_ready(std::uint32_t events) {
  if (state_ == State::kIdle) return;  // Closed earlier in this turn, by its owner.
  if (state_ == State::kConnecting) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return end(Ending::kConnectFailed);
    if ((events & EPOLLOUT) == 0) return;
    state_ = State::kUpgrading;
  }
  if ((events & EPOLLOUT) != 0 && !unsent_.empty()) flush();
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0 && state_ != State::kIdle) read();
  if (!loop_.write_buffer().empty() || !loop_.cipher_buffer().empty()) flush();
}

void WsClient::read() {
  const auto buffer = loop_.read_buffer();
  for (;;) {
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return end(state_ == State::kUpgrading ? Ending::kRefused : Ending::kByPeer);
    process(decrypt(buffer.first(static_cast<std::size_t>(received))));
    if (state_ == State::kIdle) return;
    if (stash_.size() > kMessageSizeMax) return end(Ending::kFault);
    if (tls_ != nullptr && tls_->state() >= TlsStream::State::kEnded) return end_of_tls();
    // Edge-triggered: after a short read the next byte makes a new event.
    if (std::cmp_less(received, buffer.size())) return;
  }
}

std::span<const char> WsClient::decrypt(std::span<const char> bytes) {
  if (tls_ == nullptr) return bytes;
  const auto plain = loop_.plain_buffer();
  return plain.first(tls_->receive(bytes, plain, loop_.cipher_buffer()));
}

// What is incomplete waits in the stash for the rest.
void WsClient::process(std::span<const char> input) {
  if (stash_.empty()) {
    consume(input);
    if (state_ != State::kIdle) stash_.assign(input.data(), input.size());
    return;
  }
  stash_.append(input.data(), input.size());
  input = stash_;
  consume(input);
  if (state_ != State::kIdle) stash_.erase(0, stash_.size() - input.size());
}

// Closed by the server, or broken; then the alert that says why is sent to it.
void WsClient::end_of_tls() {
  if (tls_->state() == TlsStream::State::kEnded) {
    return end(state_ == State::kUpgrading ? Ending::kRefused : Ending::kByPeer);
  }
  failure_ = tls_->failure();
  send_bytes(loop_.cipher_buffer());
  if (state_ == State::kIdle) return;
  end(state_ == State::kUpgrading ? Ending::kConnectFailed : Ending::kFault);
}

void WsClient::consume(std::span<const char>& input) {
  if (state_ == State::kUpgrading && !finish_handshake(input)) return;
  while (state_ == State::kOpen && take_frame(input)) {
  }
}

bool WsClient::finish_handshake(std::span<const char>& input) {
  switch (read_handshake_answer(input, accept_, inflater_ != nullptr)) {
    case HandshakeAnswer::kIncomplete:
      return false;
    case HandshakeAnswer::kRefused:
      refusal_ = read_refusal(input);
      end(Ending::kRefused);
      return false;
    case HandshakeAnswer::kWrongExtension:
      refusal_ = read_refusal(input);
      failure_ = inflater_ != nullptr ? "the server does not agree to permessage-deflate as offered"
                                      : "the server chose an extension that was not offered";
      end(Ending::kRefused);
      return false;
    case HandshakeAnswer::kAccepted:
      break;
  }
  state_ = State::kOpen;
  owner_.on_open(*this);
  return true;
}

bool WsClient::take_frame(std::span<const char>& input) {
  const FrameStep step = next_server_frame(input, inflater_ != nullptr);
  if (step.fault != FrameFault::kNone) {
    end(Ending::kFault);
    return false;
  }
  if (!step.frame) return false;
  deliver(*step.frame);
  return true;
}

void WsClient::deliver(const ServerFrame& frame) {
  const std::string_view payload(frame.payload.data(), frame.payload.size());
  switch (frame.opcode) {
    case Opcode::kText:
    case Opcode::kBinary:
      if (frame.fin) return deliver_message(payload, frame.compressed);
      message_ = payload;
      compressed_ = frame.compressed;
      return;
    case Opcode::kContinuation:
      message_ += payload;
      if (message_.size() > kMessageSizeMax) return end(Ending::kFault);
      if (frame.fin) deliver_message(std::exchange(message_, {}), compressed_);
      return;
    case Opcode::kPing:
      owner_.on_ping(*this);
      return queue(Opcode::kPong, payload);
    case Opcode::kPong:
      return;
    case Opcode::kClose:
      return end(Ending::kByPeer);
  }
  end(Ending::kFault);
}

void WsClient::deliver_message(std::string_view payload, bool compressed) {
  if (!compressed) return owner_.on_message(*this, payload);
  const auto message = inflater_->inflate(payload, kMessageSizeMax);
  if (!message) return end(Ending::kFault);
  owner_.on_compressed(payload.size(), message->size());
  owner_.on_message(*this, *message);
}

void WsClient::queue(Opcode opcode, std::string_view payload) {
  append_client_frame(loop_.write_buffer(), opcode, payload, next_masking_key());
}

void WsClient::flush() {
  std::string& queued = loop_.write_buffer();
  std::string& cipher = loop_.cipher_buffer();
  if (state_ == State::kIdle) {
    queued.clear();
    cipher.clear();
    return;
  }
  if (tls_ == nullptr) return send_bytes(queued);
  tls_->send(queued, cipher);
  queued.clear();
  send_bytes(cipher);
}

// What waits goes first; otherwise `bytes` are sent from where they stand.
void WsClient::send_bytes(std::string& queued) {
  if (!unsent_.empty()) unsent_ += queued;
  std::string& bytes = unsent_.empty() ? queued : unsent_;
  const ssize_t sent = bytes.empty() ? 0 : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    queued.clear();
    return end(Ending::kByPeer);
  }
  const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
  if (&bytes == &unsent_) {
    unsent_.erase(0, taken);
  } else if (taken < queued.size()) {
    unsent_.assign(queued, taken);
  }
  queued.clear();
}

void WsClient::close() {
  if (tls_ != nullptr) send_close_notify();
  shut();
}

void WsClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  if (fd_ >= 0) setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  shut();
}

// close_notify, as far as the socket takes it: a peer that reads nothing is not waited for.
void WsClient::send_close_notify() {
  std::string farewell;
  if (unsent_.empty()) tls_->close(farewell);
  if (!farewell.empty()) ::send(fd_, farewell.data(), farewell.size(), MSG_NOSIGNAL);
}

void WsClient::shut() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::kIdle;
  if (tls_ != nullptr && resume_) ticket_ = tls_->take_ticket();
  tls_.reset();
  // Swapped away rather than cleared: ten thousand idle clients need no buffers.
  std::string().swap(unsent_);
  std::string().swap(stash_);
  std::string().swap(message_);
}

void WsClient::stop_reading() { loop_.remove(fd_); }

void WsClient::end(Ending ending) {
  close();
  owner_.on_end(*this, ending);
}

}  // namespace load
