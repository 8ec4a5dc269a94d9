#include "gateway/tls/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "proto/base/bytes.h"
#include "tests/gateway/tls/tls_client.h"

namespace {

using testing_support::ClientOptions;
using testing_support::make_context;
using testing_support::received;
using testing_support::shake_hands;
using testing_support::take_pending;
using testing_support::TlsClient;
using State = tls::Stream::State;

// What comes back of what the client says. Takes tickets in, too.
std::string exchanged(tls::Stream& stream, TlsClient& client) {
  client.write("to and fro");
  const std::string heard = received(stream, client.take_output());
  std::vector<std::byte> cipher;
  EXPECT_TRUE(stream.encrypt(dunlin::as_bytes(heard), cipher));
  client.receive(cipher);
  return client.read();
}

class StreamTest : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static ClientOptions options() { return {.version = GetParam()}; }
};

TEST_P(StreamTest, TalksBothWays) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client(options());
  EXPECT_EQ(stream->state(), State::kHandshake);
  shake_hands(*stream, client);
  ASSERT_EQ(stream->state(), State::kOpen) << stream->failure();
  EXPECT_EQ(stream->version(), GetParam() == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
  client.write("hello");
  EXPECT_EQ(received(*stream, client.take_output()), "hello");
  std::vector<std::byte> cipher;
  const std::string answer(100'000, 'a');
  ASSERT_TRUE(stream->encrypt(dunlin::as_bytes(answer), cipher));
  client.receive(cipher);
  EXPECT_EQ(client.read(), answer);
  EXPECT_TRUE(stream->pending().empty());
}

TEST_P(StreamTest, TheCutOfTheBytesChangesNothing) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client(options());
  shake_hands(*stream, client, 1);
  ASSERT_EQ(stream->state(), State::kOpen);
  std::string sent;
  std::string all;
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    const std::string text(1 + random() % 40'000, static_cast<char>('a' + i % 26));
    client.write(text);
    sent += text;
    const std::vector<std::byte> cipher = client.take_output();
    for (std::size_t at = 0; at < cipher.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 20'000, cipher.size() - at);
      all += received(*stream, std::span(cipher).subspan(at, size));
      at += size;
    }
  }
  EXPECT_EQ(all, sent);
}

TEST_P(StreamTest, AnyBitThatIsFlippedFailsIt) {
  for (std::size_t bit = 0; bit < 27 * 8; bit += 7) {
    auto stream = tls::Stream::make(make_context());
    TlsClient client(options());
    shake_hands(*stream, client);
    client.write("hello");
    std::vector<std::byte> cipher = client.take_output();
    ASSERT_LE(27U, cipher.size());
    cipher[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_EQ(received(*stream, cipher), "");
    // A changed length may announce more than there is: then it goes on waiting.
    if (bit / 8 < 3 || bit / 8 > 4) {
      EXPECT_EQ(stream->state(), State::kFailed) << bit;
      EXPECT_STRNE(stream->failure(), "");
      std::vector<std::byte> out;
      EXPECT_FALSE(stream->encrypt(dunlin::as_bytes("x"), out));
    }
  }
}

TEST_P(StreamTest, EndsWithANotice) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client(options());
  shake_hands(*stream, client);
  SSL_shutdown(client.ssl());
  EXPECT_EQ(received(*stream, client.take_output()), "");
  EXPECT_EQ(stream->state(), State::kEnded);
  std::vector<std::byte> cipher;  // We may still talk.
  EXPECT_TRUE(stream->encrypt(dunlin::as_bytes("bye"), cipher));
  client.receive(cipher);
  stream->close();
  stream->close();
  client.receive(take_pending(*stream));
  EXPECT_EQ(client.read(), "bye");
  EXPECT_NE(SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
  EXPECT_TRUE(stream->pending().empty());
}

TEST_P(StreamTest, ResumesASession) {
  const auto context = make_context();
  SSL_SESSION* session = nullptr;
  {
    auto stream = tls::Stream::make(context);
    TlsClient client(options());
    shake_hands(*stream, client);
    EXPECT_FALSE(stream->resumed());
    std::vector<std::byte> cipher;
    ASSERT_TRUE(stream->encrypt(dunlin::as_bytes("x"), cipher));
    client.receive(cipher);
    EXPECT_EQ(client.read(), "x");  // Takes the ticket in, too.
    session = SSL_get1_session(client.ssl());
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN);  // Else it would not be used again.
  }
  ASSERT_NE(session, nullptr);
  for (const bool same_keys : {true, false}) {
    auto stream = tls::Stream::make(same_keys ? context : make_context());
    ClientOptions again = options();
    again.session = session;
    TlsClient client(again);
    shake_hands(*stream, client);
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN);
    EXPECT_EQ(stream->state(), State::kOpen);
    EXPECT_EQ(stream->resumed(), same_keys);  // A reload ends all sessions.
  }
  SSL_SESSION_free(session);
}

TEST_P(StreamTest, WithoutTicketsNothingIsResumed) {
  auto stream = tls::Stream::make(make_context({.session_tickets = false}));
  TlsClient client(options());
  shake_hands(*stream, client);
  ASSERT_EQ(stream->state(), State::kOpen);
  EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(client.ssl())), 0);
}

INSTANTIATE_TEST_SUITE_P(Versions, StreamTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_3_VERSION ? "Tls13" : "Tls12";
                         });

// A session belongs to a digest, not to a suite (RFC 8446 section 4.2.11).
TEST(Stream, ResumesInAnotherSuite) {
  const auto context = make_context();
  SSL_SESSION* session = nullptr;
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}) {
    auto stream = tls::Stream::make(context);
    TlsClient client({.session = session, .suites = suite});
    shake_hands(*stream, client);
    EXPECT_EQ(stream->resumed(), session != nullptr);
    EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), suite);
    EXPECT_EQ(exchanged(*stream, client), "to and fro");
    SSL_SESSION_free(session);
    session = SSL_get1_session(client.ssl());
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN);
  }
  SSL_SESSION_free(session);
}

TEST(Stream, SpeaksHttp11Only) {
  for (const bool ours : {true, false}) {
    auto stream = tls::Stream::make(make_context());
    const std::string protocols = ours ? "\x02h2\x08http/1.1" : "\x02h2";
    TlsClient client({.protocols = protocols});
    shake_hands(*stream, client);
    EXPECT_EQ(stream->state() == State::kOpen, ours);
  }
}

TEST(Stream, RefusesOldVersions) {
  auto stream = tls::Stream::make(make_context({.tls13_only = true}));
  TlsClient client({.version = TLS1_2_VERSION});
  shake_hands(*stream, client);
  EXPECT_EQ(stream->state(), State::kFailed);
}

TEST(Stream, KnowsPlainHttp) {
  auto stream = tls::Stream::make(make_context());
  EXPECT_EQ(received(*stream, dunlin::as_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n")), "");
  EXPECT_EQ(stream->state(), State::kFailed);
  EXPECT_TRUE(stream->spoke_http());
}

TEST(Stream, RubbishFails) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    auto stream = tls::Stream::make(make_context());
    std::string rubbish(64, '\0');
    for (char& c : rubbish) c = static_cast<char>(random());
    rubbish[0] = static_cast<char>(0x17 + random() % 5);  // Maybe a record.
    static_cast<void>(received(*stream, dunlin::as_bytes(rubbish)));
    EXPECT_NE(stream->state(), State::kOpen);
  }
}

// The renegotiation of TLS 1.2 is refused; nothing breaks.
TEST(Stream, DoesNotRenegotiate) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client({.version = TLS1_2_VERSION});
  shake_hands(*stream, client);
  ASSERT_EQ(stream->state(), State::kOpen);
  EXPECT_EQ(SSL_renegotiate(client.ssl()), 1);
  SSL_do_handshake(client.ssl());
  client.receive([&] {
    static_cast<void>(received(*stream, client.take_output()));
    return take_pending(*stream);
  }());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

// TLS 1.3 lets a peer ask for new keys at any time; the answers must not pile up without end.
TEST(Stream, APeerThatAsksForKeysWithoutEndIsCut) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client;
  shake_hands(*stream, client);
  std::size_t most = 0;
  for (int i = 0; i < 50'000 && stream->state() == State::kOpen; ++i) {
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client.ssl()), 1);
    static_cast<void>(received(*stream, client.take_output()));
    most = std::max(most, stream->pending().size());
  }
  EXPECT_EQ(stream->state(), State::kFailed);
  EXPECT_LE(most, tls::Stream::kPendingMax + 1'024);
}

// Each costs us a hundred times what it costs the peer: one call with nothing else in it must not
// keep everybody waiting, whatever is said in between.
TEST(Stream, NewKeysAreForThoseWhoSendMuch) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client;
  shake_hands(*stream, client);
  const std::string text(64 << 10, 'a');
  const auto update = [&] {
    ASSERT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client.ssl()), 1);
  };
  for (int i = 0; i < 100; ++i) {  // Far more often than any peer has a reason to.
    for (int j = 0; j < 16; ++j) {
      client.write(text);
      ASSERT_EQ(received(*stream, client.take_output()), text) << stream->failure();
    }
    update();
  }
  for (std::uint32_t i = 0; i < tls::Records::kKeyUpdatesFree; ++i) update();
  client.write("hello");
  ASSERT_EQ(received(*stream, client.take_output()), "hello") << stream->failure();
  for (int i = 0; i < 1'000; ++i) {
    client.write("a");
    update();
  }
  EXPECT_EQ(received(*stream, client.take_output()), "a");
  EXPECT_EQ(stream->state(), State::kFailed);
  EXPECT_STREQ(stream->failure(), "too many key updates");
}

TEST(Stream, WhatIsKeptLeavesFirstAndIsReleasedAtItsEnd) {
  auto stream = tls::Stream::make(make_context());
  TlsClient client;
  shake_hands(*stream, client);
  std::vector<std::byte> cipher;
  ASSERT_TRUE(stream->encrypt(dunlin::as_bytes("hello"), cipher));
  stream->keep(std::span(cipher).subspan(3), 5);
  EXPECT_EQ(stream->held(), 5U);
  EXPECT_GE(stream->buffer_memory(), cipher.size() - 3);
  stream->sent(1);
  EXPECT_EQ(stream->take_released(), 0U);
  EXPECT_EQ(stream->pending().size(), cipher.size() - 4);
  stream->sent(cipher.size() - 4);
  EXPECT_EQ(stream->held(), 0U);
  EXPECT_EQ(stream->take_released(), 5U);
  EXPECT_EQ(stream->take_released(), 0U);
  EXPECT_TRUE(stream->pending().empty());
  EXPECT_EQ(stream->buffer_memory(), 0U);
}

}  // namespace
