#include "gateway/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace net {
namespace {

struct AddressInfo {
  addrinfo* list = nullptr;
  AddressInfo() = default;
  AddressInfo(const AddressInfo&) = delete;
  AddressInfo& operator=(const AddressInfo&) = delete;
  ~AddressInfo() {
    if (list != nullptr) freeaddrinfo(list);
  }
};

std::string why(const char* what, const config::HostPort& address, int error) {
  return fmt::format("cannot {} {}: {}", what, config::to_string(address),
                     std::generic_category().message(error));
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

int open_socket(const addrinfo& info, bool share_port) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR);
  // Messages are whole when they are sent: nothing is to be waited for. What is accepted inherits
  // it, which saves a call for each connection.
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  if (share_port) set_option(fd, SOL_SOCKET, SO_REUSEPORT);
  if (bind(fd, info.ai_addr, info.ai_addrlen) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

void set_port(addrinfo& info, std::uint16_t port) {
  if (info.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(info.ai_addr)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(info.ai_addr)->sin_port = htons(port);
  }
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return Address::from(storage).port;
}

int open_spare() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

// accept(2): Linux reports what is already wrong with the new connection; the next one may be well.
bool ended_before_accepted(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::expected<BoundSockets, std::string> bind_sockets(const config::HostPort& address,
                                                      std::uint32_t count, std::uint32_t backlog) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  AddressInfo found;
  if (const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                                    &hints, &found.list);
      error != 0) {
    return std::unexpected(
        fmt::format("cannot resolve {}: {}", config::to_string(address), gai_strerror(error)));
  }
  addrinfo& info = *found.list;
  BoundSockets bound{.descriptors = {}, .address = address};
  if (address.port != 0) {
    // Without SO_REUSEPORT this fails while anybody listens there; with it, it would share.
    const int probe = open_socket(info, /*share_port=*/false);
    if (probe < 0) return std::unexpected(why("listen on", address, errno));
    ::close(probe);
  }
  const auto fail = [&](const char* what) {
    const int error = errno;
    for (const int fd : bound.descriptors) ::close(fd);
    return std::unexpected(why(what, address, error));
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    const int fd = open_socket(info, /*share_port=*/true);
    if (fd < 0) return fail("bind");
    bound.descriptors.push_back(fd);
    if (i == 0) {
      bound.address.port = port_of(fd);
      set_port(info, bound.address.port);
    }
    if (listen(fd, static_cast<int>(backlog)) != 0) return fail("listen on");
  }
  return bound;
}

Listener::Listener(loop::EventLoop& loop, int descriptor, OnAccept on_accept, OnError on_error)
    : on_accept_(std::move(on_accept)),
      on_error_(std::move(on_error)),
      descriptor_(descriptor),
      spare_(open_spare()),
      readable_(std::make_unique<loop::Readable>(loop, descriptor, [this] { accept_ready(); })),
      pause_(loop, [this] {
        if (readable_ == nullptr) return;
        if (spare_ < 0) spare_ = open_spare();
        readable_->resume();
      }) {}

Listener::~Listener() { close(); }

void Listener::close() {
  readable_.reset();
  pause_.cancel();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (spare_ >= 0) ::close(std::exchange(spare_, -1));
}

void Listener::accept_ready() {
  for (int i = 0; i < kAcceptBudget && readable_ != nullptr; ++i) {
    const int error = accept_one();
    if (error == 0) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) return;
    if (ended_before_accepted(error)) continue;
    if (error == EMFILE || error == ENFILE) shed_one();
    on_error_(error);
    if (readable_ == nullptr) return;  // Closed by on_error_.
    // The listener stays readable: without a pause the loop would spin until somebody leaves.
    readable_->pause();
    pause_.set(kPauseMs);
    return;
  }
}

// 0, or why there was none.
int Listener::accept_one() {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd =
      accept4(descriptor_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return errno;
  on_accept_(fd, Address::from(peer));
  return 0;
}

void Listener::accept_last_and_close() {
  for (int i = 0; i < kLastAccepts && readable_ != nullptr; ++i) {
    const int error = accept_one();
    if (error != 0 && !ended_before_accepted(error)) break;
  }
  close();
}

// Takes the first waiting connection and closes it, so that its peer learns at once.
void Listener::shed_one() {
  if (spare_ < 0) return;
  ::close(spare_);
  const int fd = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  spare_ = open_spare();  // If another thread was quicker, the end of the pause tries again.
}

}  // namespace net
