// An ApiServer on a loop of its own, with clients on the other end of socket pairs.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/api/server.h"
#include "gateway/loop/event_loop.h"
#include "gateway/loop/poller.h"
#include "tests/gateway/api/fake_dispatcher.h"

namespace api {

// A client's end. It writes what it can and keeps what it reads.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {}
  Client(Client&& other) noexcept
      : received(std::move(other.received)),
        ended(other.ended),
        fd_(std::exchange(other.fd_, -1)),
        unsent_(std::move(other.unsent_)) {}
  ~Client() { close(); }

  void send(std::string_view bytes) {
    unsent_.append(bytes);
    send_more();
  }
  void send_more() {
    while (!unsent_.empty()) {
      const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return;
      unsent_.erase(0, static_cast<std::size_t>(sent));
    }
  }
  [[nodiscard]] bool all_sent() const { return unsent_.empty(); }
  void receive(std::size_t size_max = ~std::size_t{0}) {
    std::array<char, 65536> buffer;
    while (size_max > 0) {
      const ssize_t size =
          ::recv(fd_, buffer.data(), std::min(buffer.size(), size_max), MSG_DONTWAIT);
      if (size == 0) ended = true;
      if (size < 0 && errno == ECONNRESET) ended = true;
      if (size <= 0) return;
      received.append(buffer.data(), static_cast<std::size_t>(size));
      size_max -= static_cast<std::size_t>(size);
    }
  }
  void end_output() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string received;
  bool ended = false;  // The server has closed.

 private:
  int fd_;
  std::string unsent_;
};

// Answers as they were received, cut apart.
struct Answer1 {
  int status = 0;
  std::string head;
  std::string body;
};
inline std::vector<Answer1> cut_answers(std::string_view bytes) {
  std::vector<Answer1> answers;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) break;
    Answer1 answer;
    answer.head = bytes.substr(0, end + 2);
    answer.status = std::stoi(answer.head.substr(9, 3));
    bytes.remove_prefix(end + 4);
    if (const std::size_t at = answer.head.find("Content-Length: "); at != std::string::npos) {
      const auto size = static_cast<std::size_t>(std::stoul(answer.head.substr(at + 16)));
      answer.body = bytes.substr(0, size);
      if (answer.body.size() < size) break;
      bytes.remove_prefix(size);
    } else if (answer.head.find("Transfer-Encoding: chunked") != std::string::npos) {
      for (;;) {
        const std::size_t line = bytes.find("\r\n");
        if (line == std::string_view::npos) return answers;
        const auto size =
            static_cast<std::size_t>(std::stoul(std::string(bytes.substr(0, line)), nullptr, 16));
        if (bytes.size() < line + 2 + size + 2) return answers;
        answer.body.append(bytes.substr(line + 2, size));
        bytes.remove_prefix(line + 2 + size + 2);
        if (size == 0) break;
      }
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

class ApiTest : public ::testing::Test, private loop::PollSink {
 protected:
  // The tests' requests name any host; see page_guard_test.cc.
  ApiTest() {
    config.api.hosts = {"any"};
    start();
  }

  // Again, with another configuration.
  void start() {
    server = std::make_unique<ApiServer>(poller_, 1, sends_, dispatcher, counters,
                                         std::make_shared<const config::Config>(config),
                                         Hooks{.set_log_level = [this](std::string_view level) {
                                           log_level = level;
                                           return level != "loud";
                                         }});
    dispatcher.sink = server.get();
  }
  ~ApiTest() override { server.reset(); }

  Client connect(int buffer_size = 0) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    if (buffer_size != 0) {
      for (const int fd : fds) {
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof buffer_size);
      }
    }
    server->adopt(fds[0]);
    return Client(fds[1]);
  }

  // One turn of the shard's loop.
  void turn() {
    poller_.wait(0);
    server->renew_budget();
    if (server->has_ready_work()) server->run_ready();
    if (const auto due = server->next_deadline(); due && *due <= now_ms) server->on_tick(now_ms);
    if (answer_at_once) {
      dispatcher.answer_claims();
      dispatcher.answer_pushes();
    }
    server->flush();
  }
  void turns(int count = 4) {
    for (int i = 0; i < count; ++i) turn();
  }
  void pass(std::uint64_t ms) {
    for (std::uint64_t end = now_ms + ms; now_ms < end; now_ms += 50) turn();
    turns(2);
  }

  // Sends, lets everything happen, and gives what came back.
  std::vector<Answer1> ask(std::string_view request) {
    Client client = connect();
    client.send(request);
    turns();
    client.receive();
    return cut_answers(client.received);
  }
  Answer1 ask1(std::string_view request) {
    auto answers = ask(request);
    if (answers.size() != 1) {
      ADD_FAILURE() << answers.size() << " answers to " << request;
      return {};
    }
    return std::move(answers.front());
  }

  static std::string post(std::string_view path, std::string_view body,
                          std::string_view fields = "Content-Type: application/json\r\n") {
    return request("POST", path, body, fields);
  }
  static std::string request(std::string_view method, std::string_view path, std::string_view body,
                             std::string_view fields = {}) {
    std::string text;
    text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: api\r\n");
    text.append(fields);
    if (!body.empty() || method != "GET") {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
  }
  static std::string get(std::string_view path, std::string_view fields = {}) {
    return request("GET", path, {}, fields);
  }
  static std::string push_to(std::string_view uid, std::string_view text) {
    std::string body = R"({"uid":")";
    body.append(uid).append(R"(","text":")").append(text).append("\"}");
    return post("/v1/push", body);
  }

  config::Config config;
  cross::Counters counters;
  FakeDispatcher dispatcher;
  std::string log_level;
  bool answer_at_once = true;
  std::uint64_t now_ms = 1'000;

 private:
  void on_woken() override {}
  void on_ready(loop::PollKey key, loop::Readiness readiness) override {
    server->on_ready(key, readiness);
  }
  loop::EventLoop loop_;
  loop::Poller poller_{loop_, *this};
  net::SendBatch sends_{net::SendBatch::Mode::kPlain};

 protected:
  std::unique_ptr<ApiServer> server;
};

}  // namespace api
