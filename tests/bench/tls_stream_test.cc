#include "bench/load/tls/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "bench/limit/tls.h"

namespace load {
namespace {

// A client's stream and a server's OpenSSL, with a pair of sockets between them.
class Pair {
 public:
  Pair(limit::Tls& server, std::shared_ptr<const TlsContext> context, TlsTicket ticket = nullptr)
      : server_(server), client(TlsStream::make(std::move(context), std::move(ticket))) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds_), 0);
    EXPECT_TRUE(server_.accept(fds_[0]));
  }
  ~Pair() {
    server_.forget(fds_[0]);
    for (const int fd : fds_) close(fd);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  // Everything under way arrives, in pieces of that size at the client. Returns what the client
  // got.
  std::string exchange(std::size_t piece = 65'536) {
    std::string got;
    for (bool moved = true; moved;) {
      moved = !outgoing.empty();
      if (moved) outgoing.erase(0, write_to_server());
      moved |= read_at_server();
      std::vector<char> cipher(piece);
      for (ssize_t size; (size = recv(fds_[1], cipher.data(), piece, 0)) > 0; moved = true) {
        std::vector<char> plain(piece + TlsStream::kRecordMax);
        const auto bytes = std::span(cipher).first(static_cast<std::size_t>(size));
        got.append(plain.data(), client->receive(bytes, plain, outgoing));
      }
    }
    return got;
  }

  // What the server does not take now is left in `bytes`.
  void server_sends(std::string& bytes) {
    const ssize_t sent = server_.send(fds_[0], bytes);
    if (sent > 0) bytes.erase(0, static_cast<std::size_t>(sent));
    EXPECT_TRUE(sent >= 0 || errno == EAGAIN);
  }

  [[nodiscard]] int client_end() const { return fds_[1]; }

 private:
  std::size_t write_to_server() const {
    const ssize_t sent = ::send(fds_[1], outgoing.data(), outgoing.size(), MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

  bool read_at_server() {
    std::vector<char> bytes(65'536);
    const ssize_t size = server_.receive(fds_[0], bytes);
    if (size > 0) at_server.append(bytes.data(), static_cast<std::size_t>(size));
    if (size == 0) server_ended = true;
    return size > 0;
  }

  limit::Tls& server_;
  int fds_[2]{};

 public:
  std::unique_ptr<TlsStream> client;
  std::string outgoing;   // Ciphertext from the client.
  std::string at_server;  // What the server read.
  bool server_ended = false;
};

class LoadTls : public testing::Test {
 protected:
  static std::shared_ptr<const TlsContext> context(const std::string& host = "localhost") {
    return TlsContext::make(host, "").value();
  }
  std::unique_ptr<limit::Tls> server_ = limit::Tls::create({});
};

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ",";
  text.resize(size);
  return text;
}

TEST_F(LoadTls, WhatIsSentAtOnceLeavesWithTheHandshake) {
  Pair pair(*server_, context());
  pair.client->send("GET / ", pair.outgoing);
  EXPECT_FALSE(pair.outgoing.empty());
  pair.client->send("HTTP/1.1", pair.outgoing);
  EXPECT_EQ(pair.exchange(), "");
  EXPECT_EQ(pair.client->state(), TlsStream::State::kOpen);
  EXPECT_EQ(pair.at_server, "GET / HTTP/1.1");
  EXPECT_STREQ(pair.client->version(), "TLSv1.3");
  EXPECT_STREQ(pair.client->cipher(), "TLS_AES_256_GCM_SHA384");
  EXPECT_FALSE(pair.client->is_resumed());
  EXPECT_STREQ(pair.client->failure(), "");
}

TEST_F(LoadTls, EverySizeInPiecesOfEverySize) {
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 7, 1'000, 65'536}) {
    Pair pair(*server_, context());
    pair.client->send("x", pair.outgoing);
    pair.exchange(piece);
    for (const std::size_t size :
         std::initializer_list<std::size_t>{1, 16'383, 16'384, 16'385, 200'000}) {
      pair.at_server.clear();
      const std::string text = text_of(size);
      pair.client->send(text, pair.outgoing);
      std::string got = pair.exchange(piece);
      EXPECT_EQ(pair.at_server, text) << size;
      for (std::string left = text; !left.empty(); got += pair.exchange(piece))
        pair.server_sends(left);
      EXPECT_EQ(got, text) << size << " in " << piece;
    }
  }
}

// A record that the socket took a part of, with more queued behind it meanwhile: OpenSSL has to be
// given the same bytes again, and it is the limit's to do so.
TEST_F(LoadTls, ABackloggedServerLosesNothing) {
  Pair pair(*server_, context());
  pair.client->send("x", pair.outgoing);
  pair.exchange();
  std::string sent;
  std::string left;
  for (int i = 0; i < 100; ++i) {
    const std::string text = text_of(50'000);
    sent += text;
    left += text;
    pair.server_sends(left);
  }
  EXPECT_FALSE(left.empty()) << "the socket took everything: this tests nothing";
  std::string got;
  while (!left.empty()) {
    got += pair.exchange();
    left = std::string(left.begin(), left.end());  // It moves.
    pair.server_sends(left);
  }
  got += pair.exchange();
  EXPECT_EQ(got, sent);
}

TEST_F(LoadTls, ATicketSavesTheCertificate) {
  const auto shared = context();
  TlsTicket ticket;
  {
    Pair first(*server_, shared);
    first.client->send("x", first.outgoing);
    first.exchange();
    ticket = first.client->take_ticket();
    ASSERT_NE(ticket, nullptr);
  }
  Pair second(*server_, shared, std::move(ticket));
  second.client->send("y", second.outgoing);
  second.exchange();
  EXPECT_TRUE(second.client->is_resumed());
  EXPECT_EQ(second.at_server, "y");
  EXPECT_NE(second.client->take_ticket(), nullptr) << "for the next one";
}

TEST_F(LoadTls, ATicketOfAnotherServerIsNoHarm) {
  const auto shared = context();
  const auto stranger = limit::Tls::create({});
  Pair first(*stranger, shared);
  first.client->send("x", first.outgoing);
  first.exchange();
  Pair second(*server_, shared, first.client->take_ticket());
  second.client->send("y", second.outgoing);
  second.exchange();
  EXPECT_EQ(second.client->state(), TlsStream::State::kOpen);
  EXPECT_FALSE(second.client->is_resumed());
}

TEST_F(LoadTls, AServerNeedsNotGiveTickets) {
  const auto without = limit::Tls::create({.tickets = 0, .release_buffers = true});
  Pair pair(*without, context("127.0.0.1"));
  pair.client->send("x", pair.outgoing);
  pair.exchange();
  EXPECT_EQ(pair.at_server, "x");
  EXPECT_EQ(pair.client->take_ticket(), nullptr);
}

TEST_F(LoadTls, TheClientsFarewellIsHeard) {
  Pair pair(*server_, context());
  pair.client->send("x", pair.outgoing);
  pair.exchange();
  pair.client->close(pair.outgoing);
  pair.exchange();
  EXPECT_TRUE(pair.server_ended);
}

TEST_F(LoadTls, BeforeTheHandshakeThereIsNoFarewell) {
  Pair pair(*server_, context());
  pair.client->close(pair.outgoing);
  EXPECT_EQ(pair.outgoing, "");
}

TEST_F(LoadTls, AServerThatSpeaksSomethingElseIsAFailureWithAReason) {
  Pair pair(*server_, context());
  pair.client->send("x", pair.outgoing);
  const std::string_view http = "HTTP/1.1 400 Bad Request\r\n\r\n";
  std::vector<char> plain(http.size() + TlsStream::kRecordMax);
  EXPECT_EQ(pair.client->receive(http, plain, pair.outgoing), 0u);
  EXPECT_EQ(pair.client->state(), TlsStream::State::kFailed);
  EXPECT_STREQ(pair.client->failure(), "wrong version number");
  pair.client->send("more", pair.outgoing);
  EXPECT_EQ(pair.client->receive(http, plain, pair.outgoing), 0u);
}

TEST_F(LoadTls, DamageIsAFailure) {
  Pair pair(*server_, context());
  pair.client->send("x", pair.outgoing);
  pair.exchange();
  std::string text = "hello";
  pair.server_sends(text);
  std::vector<char> cipher(1'000);
  const ssize_t size = recv(pair.client_end(), cipher.data(), cipher.size(), 0);
  ASSERT_GT(size, 10);
  cipher[static_cast<std::size_t>(size) - 1] ^= 1;
  std::vector<char> plain(cipher.size() + TlsStream::kRecordMax);
  const auto bytes = std::span(cipher).first(static_cast<std::size_t>(size));
  EXPECT_EQ(pair.client->receive(bytes, plain, pair.outgoing), 0u);
  EXPECT_EQ(pair.client->state(), TlsStream::State::kFailed);
}

TEST(LimitTls, WhoeverDoesNotSpeakTlsIsAnErrorAndNoMore) {
  const auto server = limit::Tls::create({});
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  ASSERT_TRUE(server->accept(fds[0]));
  EXPECT_TRUE(server->has(fds[0]));
  EXPECT_FALSE(server->has(fds[1] + 1'000));
  char bytes[100];
  EXPECT_EQ(server->receive(fds[0], bytes), -1);
  EXPECT_EQ(errno, EAGAIN);
  ASSERT_EQ(send(fds[1], "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
  EXPECT_EQ(server->receive(fds[0], bytes), -1);
  EXPECT_EQ(errno, EPROTO);
  server->forget(fds[0]);
  EXPECT_FALSE(server->has(fds[0]));
  for (const int fd : fds) close(fd);
}

}  // namespace
}  // namespace load
