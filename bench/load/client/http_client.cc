#include "bench/load/client/http_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace load {

HttpClient::HttpClient(EventLoop& loop, Owner& owner) : loop_(loop), owner_(owner) {}

const llhttp_settings_t& HttpClient::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t settings{};
    llhttp_settings_init(&settings);
    settings.on_message_begin = [](llhttp_t* parser) {
      of(parser).body_.clear();
      return 0;
    };
    settings.on_body = [](llhttp_t* parser, const char* bytes, std::size_t size) {
      std::string& body = of(parser).body_;
      if (body.size() + size > kBodySizeMax) return -1;
      body.append(bytes, size);
      return 0;
    };
    settings.on_message_complete = [](llhttp_t* parser) {
      HttpClient& client = of(parser);
      client.owner_.on_answer(client, parser->status_code, client.body_);
      return 0;
    };
    return settings;
  }();
  return kSettings;
}

bool HttpClient::open(const Address& target) {
  const int fd = start_connect(target, nullptr, 0);
  if (fd < 0) return false;
  fd_ = fd;
  connected_ = false;
  llhttp_init(&parser_, HTTP_RESPONSE, &settings());
  parser_.data = this;
  loop_.add(fd_, *this);
  return true;
}

void HttpClient::on_ready(std::uint32_t events) {
  if (fd_ < 0) return;
  if (!connected_) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return lose();
    connected_ = (events & EPOLLOUT) != 0;
  }
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) read();
  flush();
}

void HttpClient::read() {
  const auto buffer = loop_.read_buffer();
  for (;;) {
    const ssize_t received = recv(fd_, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) return lose();
    if (llhttp_execute(&parser_, buffer.data(), static_cast<std::size_t>(received)) != HPE_OK) {
      return lose();
    }
    if (std::cmp_less(received, buffer.size())) return;  // Edge-triggered: a short read is enough.
  }
}

void HttpClient::flush() {
  if (fd_ < 0 || !connected_ || outgoing_.empty()) return;
  const ssize_t sent = send(fd_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return lose();
  outgoing_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
}

void HttpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  outgoing_.clear();
}

void HttpClient::lose() {
  close();
  owner_.on_lost(*this);
}

}  // namespace load
