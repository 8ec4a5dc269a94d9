#include "bench/limit/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

namespace limit {
namespace {

constexpr std::string_view kPushed = "{\"matched\":1,\"written\":1}\n";
constexpr std::string_view kOffline = "{\"matched\":0,\"written\":0}\n";

bool fail(std::string_view doing) {
  fmt::print(stderr, "dunlin-limit: {}: {}\n", doing, std::generic_category().message(errno));
  return false;
}

// "127.0.0.1:80"; IPv4 is all a yardstick needs.
sockaddr_in parse_address(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos) {
    std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  }
  address.sin_port = htons(port);
  inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr);
  return address;
}

std::string name_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::array<char, INET_ADDRSTRLEN> host{};
  inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), ntohs(address.sin_port));
}

}  // namespace

Server::Server(Options options) : options_(std::move(options)) {}

Server::~Server() {
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    if (connections_[fd].kind != Kind::kNone) close(static_cast<int>(fd));
  }
  if (epoll_ >= 0) close(epoll_);
}

bool Server::run() {
  if (!start()) return false;
  while (!stop_) turn();
  return true;
}

bool Server::make_sender() {
  if (options_.tls) {
    tls_ = Tls::create(*options_.tls);
    if (tls_ == nullptr) return false;
    sender_ = std::make_unique<TlsSender>(*this, *tls_);
  } else if (options_.io_uring) {
    sender_ = RingSender::create(*this);
    if (!sender_) return fail("io_uring");
  } else {
    sender_ = std::make_unique<PlainSender>(*this);
  }
  return true;
}

bool Server::start() {
  if (!make_sender()) return false;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return fail("epoll_create1");

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (signal_fd < 0) return fail("signalfd");
  connections_.resize(static_cast<std::size_t>(signal_fd) + 1);
  connections_[static_cast<std::size_t>(signal_fd)].kind = Kind::kSignal;
  watch(signal_fd, EPOLLIN, EPOLL_CTL_ADD);

  std::string listen_address;
  std::string api_address;
  return listen_on(options_.listen, Kind::kListener, listen_address) &&
         listen_on(options_.api, Kind::kApiListener, api_address) &&
         write_ready_file(listen_address, api_address);
}

bool Server::listen_on(const std::string& address, Kind kind, std::string& bound) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Inherited by every accepted socket, which saves a call per connection.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in name = parse_address(address);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      listen(fd, 4096) != 0) {
    const bool result = fail("listening on " + address);
    close(fd);
    return result;
  }
  bound = name_of(fd);
  if (std::cmp_less_equal(connections_.size(), fd))
    connections_.resize(static_cast<std::size_t>(fd) + 1);
  connections_[static_cast<std::size_t>(fd)].kind = kind;
  watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  return true;
}

bool Server::write_ready_file(const std::string& listen_address, const std::string& api) const {
  const std::string line = fmt::format("{{\"pid\":{},\"public\":\"{}\",\"api\":\"{}\"}}\n",
                                       getpid(), listen_address, api);
  if (options_.ready_file.empty()) {
    fmt::print("{}", line);
    return std::fflush(stdout) == 0;
  }
  // Renamed into place, so that whoever waits for the file never reads half of it.
  const std::string draft = options_.ready_file + ".tmp";
  std::FILE* file = std::fopen(draft.c_str(), "w");
  if (file == nullptr) return fail("writing " + draft);
  const bool written = std::fputs(line.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written) return fail("writing " + draft);
  return std::rename(draft.c_str(), options_.ready_file.c_str()) == 0 || fail("renaming " + draft);
}

void Server::watch(int fd, std::uint32_t events, int operation) const {
  epoll_event event{.events = events, .data = {.fd = fd}};
  epoll_ctl(epoll_, operation, fd, &event);
}

void Server::turn() {
  const int count = epoll_wait(epoll_, events_.data(), kEventsMax, -1);
  for (int i = 0; i < count; ++i) on_event(events_[static_cast<std::size_t>(i)]);
  flush_broadcasts();
  flush();
  close_retired();
}

void Server::on_event(const epoll_event& event) {
  const int fd = event.data.fd;
  switch (connections_[static_cast<std::size_t>(fd)].kind) {
    case Kind::kSignal:
      stop_ = true;
      return;
    case Kind::kListener:
      return accept_all(fd, Kind::kNew);
    case Kind::kApiListener:
      return accept_all(fd, Kind::kApi);
    default:
      break;
  }
  if ((event.events & EPOLLOUT) != 0) write_backlog(fd);
  if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) read(fd);
}

void Server::accept_all(int listener, Kind kind) {
  for (int budget = 64; budget > 0; --budget) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (tls_ != nullptr && kind == Kind::kNew && !tls_->accept(fd)) {
      close(fd);
      continue;
    }
    if (std::cmp_less_equal(connections_.size(), fd)) {
      connections_.resize(static_cast<std::size_t>(fd) + 1);
    }
    connections_[static_cast<std::size_t>(fd)] = {.kind = kind};
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

// Reads what is there. An incomplete message moves to the stash, and further bytes are read
// straight behind it, so a large message is copied at most once.
void Server::read(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.stashed) return read_behind_stash(fd);
  const ssize_t received = receive(fd, {buffer_.get(), kReadSize});
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) return close_later(fd);

  std::span<char> input(buffer_.get(), static_cast<std::size_t>(received));
  consume(fd, input);
  if (input.empty() || connection.kind == Kind::kNone) return;
  stash_[fd].assign(input.data(), input.size());
  connection.stashed = true;
}

ssize_t Server::receive(int fd, std::span<char> bytes) {
  if (tls_ != nullptr && tls_->has(fd)) return tls_->receive(fd, bytes);
  return recv(fd, bytes.data(), bytes.size(), 0);
}

void Server::read_behind_stash(int fd) {
  std::string& stash = stash_[fd];
  const std::size_t kept = stash.size();
  ssize_t received = 0;
  stash.resize_and_overwrite(kept + kReadSize, [&](char* bytes, std::size_t) {
    received = receive(fd, {bytes + kept, kReadSize});
    return kept + static_cast<std::size_t>(std::max<ssize_t>(received, 0));
  });
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) return close_later(fd);

  std::span<char> input(stash);
  consume(fd, input);
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.kind == Kind::kNone) return;  // Its stash went with it.
  if (input.empty()) {
    stash_.erase(fd);
    connection.stashed = false;
  } else {
    stash.erase(0, stash.size() - input.size());
  }
}

void Server::consume(int fd, std::span<char>& input) {
  switch (connections_[static_cast<std::size_t>(fd)].kind) {
    case Kind::kNew:
      return upgrade(fd, input);
    case Kind::kPush:
      return read_messages(fd, input);
    case Kind::kEcho:
      return echo(fd, input);
    case Kind::kApi:
      return serve_api(fd, input);
    case Kind::kStream:
      return serve_stream(fd, input);
    default:
      input = {};
      return;  // Retired in this turn; what it still says is not heard.
  }
}

void Server::upgrade(int fd, std::span<char>& input) {
  const auto request = next_request(input);
  if (!request) return;
  const std::string answer = upgrade_answer(request->head);
  if (answer.empty()) return close_later(fd);
  connections_[static_cast<std::size_t>(fd)].kind =
      request->head.starts_with("GET /echo") ? Kind::kEcho : Kind::kPush;
  send(fd, keep(answer));
}

void Server::read_messages(int fd, std::span<char>& input) {
  while (const auto received = next_frame(input)) {
    if (received->opcode == Opcode::kClose) return close_later(fd);
    if (received->opcode != Opcode::kText) continue;
    const auto uid = parse_uid({received->payload.data(), received->payload.size()});
    if (!uid || *uid == 0 || *uid >= kUidMax) continue;
    if (by_uid_.size() <= *uid) by_uid_.resize(*uid + 1, -1);
    by_uid_[*uid] = fd;
    connections_[static_cast<std::size_t>(fd)].uid = *uid;
  }
}

// Answers are built inside the input: a server's header is four bytes shorter than a client's, so
// out <= in always holds, and a single large message is not moved at all.
//   | client header | payload | client header | payload |
//       ^ out                                  ^ in
void Server::echo(int fd, std::span<char>& input) {
  char* begin = nullptr;
  char* out = nullptr;
  bool closing = false;
  while (const auto received = next_frame(input)) {
    if (received->opcode == Opcode::kClose) {
      closing = true;
      break;
    }
    const auto opcode = received->opcode == Opcode::kPing ? Opcode::kPong : received->opcode;
    std::array<char, kFrameHeaderSizeMax> header{};
    const std::size_t header_size =
        write_frame_header(header.data(), opcode, received->payload.size());
    if (begin == nullptr) begin = out = received->payload.data() - header_size;
    std::memcpy(out, header.data(), header_size);
    out += header_size;
    if (out != received->payload.data())
      std::memmove(out, received->payload.data(), received->payload.size());
    out += received->payload.size();
  }
  if (out != begin) send(fd, keep({begin, out}));
  if (closing) close_later(fd);  // Last, because it frees what `input` points into.
}

// All requests of one read are answered by one send.
void Server::serve_api(int fd, std::span<char>& input) {
  answers_.clear();
  while (const auto request = next_request(input)) {
    if (request->head.find("Transfer-Encoding: chunked") != std::string_view::npos) {
      connections_[static_cast<std::size_t>(fd)].kind = Kind::kStream;
      answers_ +=
          "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
          "Transfer-Encoding: chunked\r\n\r\n";
      send(fd, keep(answers_));
      return serve_stream(fd, input);
    }
    std::string lines;
    if (request->head.find("x-ndjson") == std::string_view::npos) {
      lines = push(request->body) > 0 ? kPushed : kOffline;
    } else {
      push_lines(request->body, lines);
    }
    fmt::format_to(
        std::back_inserter(answers_),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        lines.size(), lines);
  }
  if (!answers_.empty()) send(fd, keep(answers_));
}

// All chunks of one read are answered by one. dunlin-bench cuts no line in two.
void Server::serve_stream(int fd, std::span<char>& input) {
  answers_.clear();
  std::string lines;
  bool ended = false;
  while (!ended) {
    const auto chunk = next_chunk(input);
    if (!chunk) break;
    push_lines(*chunk, lines);
    ended = chunk->empty();
  }
  if (!lines.empty()) {
    fmt::format_to(std::back_inserter(answers_), "{:x}\r\n{}\r\n", lines.size(), lines);
  }
  if (ended) {
    connections_[static_cast<std::size_t>(fd)].kind = Kind::kApi;
    answers_ += "0\r\n\r\n";
  }
  if (!answers_.empty()) send(fd, keep(answers_));
}

void Server::push_lines(std::string_view lines, std::string& answers) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    answers += push(lines.substr(0, end)) > 0 ? kPushed : kOffline;
    lines.remove_prefix(end);
  }
}

unsigned Server::push(std::string_view json) {
  const auto order = parse_push(json);
  if (!order) return 0;
  if (order->everyone) {
    broadcast(order->text);
    return 1;
  }
  const int fd = order->uid < by_uid_.size() ? by_uid_[order->uid] : -1;
  if (fd < 0) return 0;
  send(fd, frame(order->text));
  return 1;
}

void Server::broadcast(std::string_view text) {
  const auto bytes = frame(text);
  broadcasts_.append(bytes.data(), bytes.size());
  if (!options_.join) flush_broadcasts();
}

void Server::flush_broadcasts() {
  if (broadcasts_.empty()) return;
  const std::span<const char> bytes = keep(broadcasts_);
  for (std::size_t fd = 0; fd < connections_.size(); ++fd) {
    if (connections_[fd].kind == Kind::kPush) send(static_cast<int>(fd), bytes);
  }
  broadcasts_.clear();
}

std::span<const char> Server::frame(std::string_view text) {
  auto* bytes = static_cast<char*>(turn_memory_.allocate(kFrameHeaderSizeMax + text.size(), 1));
  const std::size_t header_size = write_frame_header(bytes, Opcode::kText, text.size());
  std::memcpy(bytes + header_size, text.data(), text.size());
  return {bytes, header_size + text.size()};
}

// The ring reads the bytes at flush(); plain sends are over when send() returns.
std::span<const char> Server::keep(std::span<const char> bytes) {
  if (!options_.io_uring) return bytes;
  auto* copy = static_cast<char*>(turn_memory_.allocate(bytes.size(), 1));
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

void Server::send(int fd, std::span<const char> bytes) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (options_.io_uring) {
    if (connection.batch == batch_) flush();
    connection.batch = batch_;
  }
  if (connection.blocked) return on_unsent(fd, bytes);
  sender_->send(fd, bytes);
}

void Server::flush() {
  sender_->flush();
  ++batch_;
}

void Server::on_unsent(int fd, std::span<const char> rest) {
  std::string& waiting = backlog_[fd];
  waiting.append(rest.data(), rest.size());
  if (waiting.size() > kBacklogSizeMax) return close_later(fd);
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.blocked) return;
  connection.blocked = true;
  watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void Server::write_backlog(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (!connection.blocked) return;
  std::string& waiting = backlog_[fd];
  const ssize_t sent = sender_->write(fd, waiting);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return close_later(fd);
  waiting.erase(0, static_cast<std::size_t>(sent));
  if (!waiting.empty()) return;
  backlog_.erase(fd);
  connection.blocked = false;
  watch(fd, EPOLLIN, EPOLL_CTL_MOD);
}

void Server::on_send_error(int fd, int /*error*/) { close_later(fd); }

void Server::close_later(int fd) {
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  if (connection.kind == Kind::kNone) return;
  if (connection.uid != 0 && by_uid_[connection.uid] == fd) by_uid_[connection.uid] = -1;
  connection = {};
  stash_.erase(fd);
  backlog_.erase(fd);
  retired_.push_back(fd);
}

void Server::close_retired() {
  for (const int fd : retired_) {
    if (tls_ != nullptr) tls_->forget(fd);
    close(fd);
  }
  retired_.clear();
  turn_memory_.release();
}

}  // namespace limit
