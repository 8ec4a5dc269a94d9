#include "bench/load/client/tcp_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace load {

bool TcpClient::open(const Address& target) {
  if (tls_context_ != nullptr) {
    tls_ = TlsStream::make(tls_context_, nullptr);
    if (tls_ == nullptr) return false;
  }
  const int fd = start_connect(target, nullptr, 0);
  if (fd < 0) return false;
  fd_ = fd;
  connected_ = false;
  loop_.add(fd_, *this, Lane::kUrgent);  // They are few, and requests and answers are timed.
  return true;
}

void TcpClient::on_ready(std::uint32_t events) {
  if (fd_ < 0) return;
  if (!connected_) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return end();
    connected_ = (events & EPOLLOUT) != 0;
  }
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) read();
  flush();
}

void TcpClient::read() {
  const auto buffer = loop_.read_buffer();
  while (fd_ >= 0) {
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return end();
    if (!take(buffer.first(static_cast<std::size_t>(received)))) return end();
    if (std::cmp_less(received, buffer.size())) return;  // Edge-triggered: a short read is enough.
  }
}

bool TcpClient::take(std::span<const char> bytes) {
  if (tls_ != nullptr) {
    const auto plain = loop_.plain_buffer();
    bytes = plain.first(tls_->receive(bytes, plain, cipher_));
  }
  if (!bytes.empty() && !owner_.on_bytes({bytes.data(), bytes.size()})) return false;
  return tls_ == nullptr || tls_->state() < TlsStream::State::kEnded;
}

void TcpClient::flush() {
  if (fd_ < 0 || !connected_) return;
  if (tls_ != nullptr) {
    tls_->send(outgoing_, cipher_);
    outgoing_.clear();
  }
  std::string& bytes = tls_ != nullptr ? cipher_ : outgoing_;
  if (bytes.empty()) return;
  const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return end();
  bytes.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
}

void TcpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  outgoing_.clear();
  cipher_.clear();
  tls_.reset();
}

void TcpClient::end() {
  close();
  owner_.on_end();
}

}  // namespace load
