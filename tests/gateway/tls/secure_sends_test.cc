// Encrypted sends over real sockets with small buffers: what the results say is what arrives.
#include "gateway/tls/secure_sends.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <random>

#include "proto/base/bytes.h"
#include "tests/gateway/tls/tls_client.h"

namespace {

using testing_support::make_context;
using testing_support::shake_hands;
using testing_support::TlsClient;

// A connection whose other end decrypts what it reads.
struct Pair {
  explicit Pair(const testing_support::ClientOptions& options = {})
      : stream(tls::Stream::make(make_context())), client(options) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
    const int small = 8'192;
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    shake_hands(*stream, client);
  }
  ~Pair() {
    close(fds[0]);
    if (fds[1] >= 0) close(fds[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  std::string read(std::size_t most) {
    std::vector<std::byte> bytes(most);
    const ssize_t size = ::read(fds[1], bytes.data(), most);
    if (size > 0) client.receive(std::span(bytes).first(static_cast<std::size_t>(size)));
    return client.read();
  }

  std::array<int, 2> fds{-1, -1};
  std::unique_ptr<tls::Stream> stream;
  TlsClient client;
};

net::SendBatch::Mode best_mode() {
  return net::io_uring_works() ? net::SendBatch::Mode::kIoUring : net::SendBatch::Mode::kPlain;
}

iovec part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

TEST(SecureSends, ManyConnectionsWithAndWithoutTls) {
  net::SendBatch batch(best_mode());
  tls::SecureSends sends(batch);
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<net::SendOperation> operations;
  std::vector<tls::Stream*> streams;
  const std::string head = "head ";
  const std::string body(500, 'b');
  const std::array<iovec, 2> parts{part(head), part(body)};
  for (std::uint32_t i = 0; i < 600; ++i) {  // More than the buffer of ciphertext holds.
    pairs.push_back(std::make_unique<Pair>());
    const bool plain = i % 5 == 0;
    operations.push_back(
        {.tag = i, .fd = pairs[i]->fds[0], .parts = parts.data(), .parts_count = 2});
    streams.push_back(plain ? nullptr : pairs[i]->stream.get());
  }
  close(std::exchange(pairs[7]->fds[1], -1));
  sends.send(operations, streams);
  for (std::uint32_t i = 0; i < 600; ++i) {
    if (i == 7) {
      EXPECT_LT(operations[i].result, 0);
      continue;
    }
    ASSERT_EQ(operations[i].result, 505) << i;
    EXPECT_EQ(operations[i].held, 0U);
    if (streams[i] != nullptr) {
      EXPECT_EQ(pairs[i]->read(1 << 16), head + body);
      continue;
    }
    std::string bytes(1'000, '\0');
    EXPECT_EQ(::read(pairs[i]->fds[1], bytes.data(), bytes.size()), 505);
  }
}

// The sender of a stream of bytes, as the hub does it: it offers what is not taken, in any cut, and
// what is held unchanged. In the end everything has arrived once.
TEST(SecureSends, NothingIsLostOrSentTwiceOnABlockedSocket) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    net::SendBatch batch(best_mode());
    tls::SecureSends sends(batch);
    Pair pair;
    const std::string all = random_text(random, 300'000);
    std::size_t taken = 0;
    std::uint32_t held = 0;
    std::string arrived;
    for (int turns = 0; arrived.size() < all.size(); ++turns) {
      ASSERT_LT(turns, 10'000) << "what was said to be taken does not arrive";
      if (taken < all.size()) {
        std::size_t size = std::min<std::size_t>(1 + random() % 150'000, all.size() - taken);
        size = std::max<std::size_t>(size, held);
        const std::string_view offered = std::string_view(all).substr(taken, size);
        std::vector<iovec> parts;
        for (std::size_t at = 0; at < offered.size();) {
          const std::size_t piece =
              std::min<std::size_t>(1 + random() % 30'000, offered.size() - at);
          parts.push_back(part(offered.substr(at, piece)));
          at += piece;
        }
        net::SendOperation operation{.fd = pair.fds[0],
                                     .parts = parts.data(),
                                     .parts_count = static_cast<std::uint32_t>(parts.size())};
        tls::Stream* stream = pair.stream.get();
        sends.send({&operation, 1}, {&stream, 1});
        ASSERT_GE(operation.result, 0);
        ASSERT_LE(static_cast<std::size_t>(operation.result) + operation.held, size);
        taken += static_cast<std::size_t>(operation.result);
        held = operation.held;
        ASSERT_LE(pair.stream->pending().size(), 70'000U);
      }
      arrived += pair.read(1 + random() % 20'000);
      // What is said to be taken is in the kernel: nothing else had to happen for it to arrive.
      ASSERT_TRUE(all.starts_with(arrived));
    }
    EXPECT_EQ(taken, all.size());
    EXPECT_EQ(arrived, all);
  }
}

// A client may ask for records of 512 bytes, and what is added to each then makes the ciphertext of
// a step much longer: it must be sent from where it stands all the same.
TEST(SecureSends, SmallRecordsOfManyConnections) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    std::mt19937 random(1);
    net::SendBatch batch(best_mode());
    tls::SecureSends sends(batch);
    const std::string text = random_text(random, 64 << 10);
    for (std::size_t fourth = 48'000; fourth < 54'000; fourth += 400) {
      std::vector<std::unique_ptr<Pair>> pairs;
      std::vector<net::SendOperation> operations;
      std::vector<tls::Stream*> streams;
      const iovec whole = part(text);
      const iovec shorter = part(std::string_view(text).substr(0, fourth));
      for (std::uint32_t i = 0; i < 5; ++i) {
        pairs.push_back(std::make_unique<Pair>(
            testing_support::ClientOptions{.version = version, .small_records = true}));
        operations.push_back({.tag = i,
                              .fd = pairs[i]->fds[0],
                              .parts = i == 3 ? &shorter : &whole,
                              .parts_count = 1});
        streams.push_back(pairs[i]->stream.get());
      }
      sends.send(operations, streams);
      for (std::uint32_t i = 0; i < 5; ++i) {
        ASSERT_GE(operations[i].result, 0) << i;
        const std::string arrived = pairs[i]->read(1 << 20);
        EXPECT_FALSE(arrived.empty());
        EXPECT_TRUE(text.starts_with(arrived)) << i;
        EXPECT_EQ(static_cast<std::size_t>(operations[i].result) + operations[i].held,
                  operations[i].parts->iov_len);
      }
    }
  }
}

// The records before are made and thrown away: nobody could read what follows, but its form tells.
TEST(SecureSends, ANewKeyIsAnnouncedBeforeWhatItSeals) {
  net::SendBatch batch(net::SendBatch::Mode::kPlain);
  tls::SecureSends sends(batch);
  Pair pair;
  std::vector<std::byte> cipher;
  for (std::uint64_t i = 0; i < tls::Records::kRecordsPerKey; ++i) {
    cipher.clear();
    ASSERT_TRUE(pair.stream->encrypt(dunlin::as_bytes("a"), cipher));
  }
  tls::Stream* stream = pair.stream.get();
  for (const std::size_t announcement : {5U + 5U + 1U + 16U, 0U}) {  // Once.
    const iovec one = part("hello, reader");
    net::SendOperation operation{.fd = pair.fds[0], .parts = &one, .parts_count = 1};
    sends.send({&operation, 1}, {&stream, 1});
    EXPECT_EQ(operation.result, 13);
    std::array<char, 100> bytes{};
    EXPECT_EQ(::read(pair.fds[1], bytes.data(), bytes.size()),
              static_cast<ssize_t>(announcement + 5 + 13 + 1 + 16));
  }
}

TEST(SecureSends, AFailedStreamIsAnError) {
  net::SendBatch batch(net::SendBatch::Mode::kPlain);
  tls::SecureSends sends(batch);
  Pair pair;
  static_cast<void>(testing_support::received(*pair.stream, dunlin::as_bytes("rubbish")));
  ASSERT_EQ(pair.stream->state(), tls::Stream::State::kFailed);
  const iovec one = part("hello");
  net::SendOperation operation{.fd = pair.fds[0], .parts = &one, .parts_count = 1};
  tls::Stream* stream = pair.stream.get();
  sends.send({&operation, 1}, {&stream, 1});
  EXPECT_LT(operation.result, 0);
}

}  // namespace
