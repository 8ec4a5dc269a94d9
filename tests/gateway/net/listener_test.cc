#include "gateway/net/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>
#include <vector>

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t kBacklog = 128;

void close_all(const std::vector<int>& descriptors) {
  for (const int fd : descriptors) close(fd);
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST(BindSockets, PortZeroGivesOnePortToAll) {
  const auto bound = net::bind_sockets({.host = "127.0.0.1", .port = 0}, 3, kBacklog);
  ASSERT_TRUE(bound) << bound.error();
  EXPECT_EQ(bound->descriptors.size(), 3U);
  EXPECT_EQ(bound->address.host, "127.0.0.1");
  EXPECT_NE(bound->address.port, 0);
  for (const int fd : bound->descriptors) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(ntohs(address.sin_port), bound->address.port);
  }
  close(connect_to(bound->address.port));
  close_all(bound->descriptors);
}

TEST(BindSockets, APortInUseIsOneClearError) {
  // Ours shares its port with SO_REUSEPORT: the second gateway must not slip in beside it.
  const auto first = net::bind_sockets({.host = "127.0.0.1", .port = 0}, 2, kBacklog);
  ASSERT_TRUE(first);
  const auto second = net::bind_sockets(first->address, 2, kBacklog);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), AllOf(HasSubstr("127.0.0.1:" + std::to_string(first->address.port)),
                                    HasSubstr("Address already in use"), Not(HasSubstr("\n"))));
  close_all(first->descriptors);
  // The port is free again at once.
  const auto third = net::bind_sockets(first->address, 2, kBacklog);
  ASSERT_TRUE(third) << third.error();
  EXPECT_EQ(third->address, first->address);
  close_all(third->descriptors);
}

TEST(BindSockets, SaysWhatIsWrongWithTheAddress) {
  const auto elsewhere = net::bind_sockets({.host = "192.0.2.1", .port = 0}, 1, kBacklog);
  ASSERT_FALSE(elsewhere);
  EXPECT_THAT(elsewhere.error(), AllOf(HasSubstr("192.0.2.1:0"), HasSubstr("assign")));
  const auto nonsense = net::bind_sockets({.host = "no..such..name", .port = 1}, 1, kBacklog);
  ASSERT_FALSE(nonsense);
  EXPECT_THAT(nonsense.error(), HasSubstr("cannot resolve no..such..name:1"));
}

TEST(BindSockets, IPv6) {
  const auto bound = net::bind_sockets({.host = "::1", .port = 0}, 2, kBacklog);
  if (!bound) GTEST_SKIP() << bound.error();
  EXPECT_NE(bound->address.port, 0);
  close_all(bound->descriptors);
}

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    auto bound = net::bind_sockets({.host = "127.0.0.1", .port = 0}, 1, kBacklog);
    EXPECT_TRUE(bound);
    port_ = bound->address.port;
    listener_ = std::make_unique<net::Listener>(
        loop_, bound->descriptors.front(),
        [this](int fd, const net::Address& peer) { on_accept(fd, peer); },
        [this](int error) { errors_.push_back(error); });
  }
  ~ListenerTest() override {
    close_all(accepted_);
    close_all(clients_);
  }
  virtual void on_accept(int fd, const net::Address& peer) {
    accepted_.push_back(fd);
    peers_.insert(net::to_string(peer));
  }
  // Until `done`; each round waits for an event.
  template <typename Done>
  void run_until(Done&& done) {
    while (!done()) uv_run(&loop_.uv(), UV_RUN_ONCE);
  }

  loop::EventLoop loop_;
  std::uint16_t port_ = 0;
  std::unique_ptr<net::Listener> listener_;
  std::vector<int> clients_;
  std::vector<int> accepted_;
  std::vector<int> errors_;
  std::set<std::string> peers_;
};

TEST_F(ListenerTest, AcceptsAllThatCome) {
  for (int i = 0; i < 100; ++i) clients_.push_back(connect_to(port_));  // More than one budget.
  run_until([&] { return accepted_.size() == clients_.size(); });
  EXPECT_EQ(peers_.size(), clients_.size());
  EXPECT_THAT(*peers_.begin(), HasSubstr("127.0.0.1:"));
  ASSERT_EQ(write(clients_.front(), "x", 1), 1);
  EXPECT_EQ(errors_, std::vector<int>{});
}

TEST_F(ListenerTest, WhatItAcceptsWaitsForNothingBeforeItSends) {
  clients_.push_back(connect_to(port_));
  run_until([&] { return accepted_.size() == 1; });
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(getsockopt(accepted_.front(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
}

TEST_F(ListenerTest, AcceptsWhatWaitsBeforeItCloses) {
  for (int i = 0; i < 100; ++i) clients_.push_back(connect_to(port_));
  listener_->accept_last_and_close();
  EXPECT_EQ(accepted_.size(), clients_.size());
  EXPECT_EQ(errors_, std::vector<int>{});
  listener_->accept_last_and_close();  // Nothing is left to do.
  EXPECT_EQ(accepted_.size(), clients_.size());
}

TEST_F(ListenerTest, MayBeClosedByWhatItAccepts) {
  for (int i = 0; i < 3; ++i) clients_.push_back(connect_to(port_));
  // The first one is accepted; the others are reset with the listener.
  run_until([&] {
    if (accepted_.size() == 1) listener_->close();
    return !accepted_.empty();
  });
  listener_->close();
  for (int i = 0; i < 5; ++i) uv_run(&loop_.uv(), UV_RUN_NOWAIT);
}

class ClosingListenerTest : public ListenerTest {
 protected:
  void on_accept(int fd, const net::Address& peer) override {
    ListenerTest::on_accept(fd, peer);
    listener_->close();
  }
};

TEST_F(ClosingListenerTest, StopsInTheMiddleOfAccepting) {
  for (int i = 0; i < 3; ++i) clients_.push_back(connect_to(port_));
  run_until([&] { return !accepted_.empty(); });
  for (int i = 0; i < 5; ++i) uv_run(&loop_.uv(), UV_RUN_NOWAIT);
  EXPECT_EQ(accepted_.size(), 1U);
}

// Takes every descriptor that is left, up to a limit lowered for the while.
class Shortage {
 public:
  Shortage() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = std::min<rlim_t>(before_.rlim_cur, 256);
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = dup(0); fd >= 0; fd = dup(0)) held_.push_back(fd);
    EXPECT_EQ(errno, EMFILE);
  }
  ~Shortage() { end(); }
  void end() {
    close_all(std::exchange(held_, {}));
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;

 private:
  rlimit before_{};
  std::vector<int> held_;
};

TEST_F(ListenerTest, WithoutDescriptorsItRefusesOneAndPauses) {
  for (int i = 0; i < 3; ++i) clients_.push_back(connect_to(port_));
  {
    Shortage shortage;
    run_until([&] { return !errors_.empty(); });
    // It does not spin: many turns later it has not tried again.
    for (int i = 0; i < 20; ++i) uv_run(&loop_.uv(), UV_RUN_NOWAIT);
    EXPECT_EQ(errors_, std::vector{EMFILE});
    EXPECT_TRUE(accepted_.empty());
  }
  // The first in line was told at once; the others are served when there are descriptors again.
  char byte = 0;
  EXPECT_LE(recv(clients_[0], &byte, 1, 0), 0);
  run_until([&] { return accepted_.size() == 2; });
  EXPECT_EQ(errors_.size(), 1U);
}

TEST_F(ListenerTest, MayBeClosedDuringItsPause) {
  clients_.push_back(connect_to(port_));
  {
    Shortage shortage;
    run_until([&] { return !errors_.empty(); });
  }
  listener_.reset();
  for (int i = 0; i < 5; ++i) uv_run(&loop_.uv(), UV_RUN_NOWAIT);
}

}  // namespace
