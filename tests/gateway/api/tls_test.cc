// The API over TLS: how much of a turn handshakes may take, and how a connection ends.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/gateway/api/api_fixture.h"
#include "tests/gateway/tls/tls_client.h"

namespace api {
namespace {

using ::testing::HasSubstr;

// A client's end of a socket, and its TLS.
class SecureClient {
 public:
  explicit SecureClient(Client client) : client_(std::move(client)) {}

  void say(std::string_view text = {}) {
    if (!text.empty()) tls_.write(text);
    const std::vector<std::byte> bytes = tls_.take_output();
    client_.send({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  void say_in_clear(std::string_view bytes) { client_.send(bytes); }
  // At most so much ciphertext. What it says is added to `received`.
  void hear(std::size_t size_max = ~std::size_t{0}) {
    client_.receive(size_max);
    heard_ += client_.received.size();
    tls_.receive(std::as_bytes(std::span(client_.received)));
    client_.received.clear();
    received += tls_.read();
  }
  [[nodiscard]] bool answered() const { return heard_ > 0; }
  [[nodiscard]] bool ended() const { return client_.ended; }
  [[nodiscard]] bool was_told_of_the_end() {
    return (SSL_get_shutdown(tls_.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  std::string received;

 private:
  Client client_;
  testing_support::TlsClient tls_;
  std::size_t heard_ = 0;
};

class ApiTlsTest : public ApiTest {
 protected:
  ApiTlsTest() { speak_tls(); }

  void speak_tls() { server->reload(std::make_shared<const config::Config>(config), context_); }
  std::unique_ptr<SecureClient> connect_secure(int buffer_size = 0) {
    return std::make_unique<SecureClient>(connect(buffer_size));
  }
  void shake_hands(SecureClient& client) {
    for (int i = 0; i < 4; ++i) {
      client.say();
      turns(2);
      client.hear();
    }
  }
  static std::ptrdiff_t count_answered(std::vector<std::unique_ptr<SecureClient>>& clients) {
    return std::ranges::count_if(clients, [](auto& client) {
      client->hear();
      return client->answered();
    });
  }

 private:
  const std::shared_ptr<const tls::Context> context_ = testing_support::make_context();
};

TEST_F(ApiTlsTest, AnswersAPush) {
  const auto client = connect_secure();
  shake_hands(*client);
  client->say(push_to("42", "Hello"));
  turns();
  client->hear();
  EXPECT_THAT(client->received, HasSubstr(R"("matched":1)"));
  EXPECT_EQ(counters.tls_handshakes[cross::TlsResult::kFull].value(), 1);
}

TEST_F(ApiTlsTest, CountsHandshakesThatFailAndNoOtherFaults) {
  const cross::Counter& failed = counters.tls_handshakes[cross::TlsResult::kFailed];
  const auto open = connect_secure();
  shake_hands(*open);
  open->say_in_clear(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  turns();
  EXPECT_EQ(server->connections(), 0);
  EXPECT_EQ(failed.value(), 0);
  const auto stranger = connect_secure();
  stranger->say_in_clear("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  turns();
  EXPECT_EQ(server->connections(), 0);
  EXPECT_EQ(failed.value(), 1);
}

TEST_F(ApiTlsTest, HandshakesTakeSoManyStepsOfATurn) {
  config.tls.handshakes_per_turn = 3;
  speak_tls();
  std::vector<std::unique_ptr<SecureClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(connect_secure());
    clients.back()->say();
  }
  // The first turn has two shares: what the one before it left, and its own.
  for (const std::ptrdiff_t expected : {6, 9, 10}) {
    turn();
    EXPECT_EQ(count_answered(clients), expected);
  }
  for (const auto& client : clients) shake_hands(*client);
  EXPECT_EQ(counters.tls_handshakes[cross::TlsResult::kFull].value(), 10);
}

TEST_F(ApiTlsTest, WhoShookHandsWaitsForNobody) {
  config.tls.handshakes_per_turn = 1;
  speak_tls();
  const auto open = connect_secure();
  shake_hands(*open);
  std::vector<std::unique_ptr<SecureClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(connect_secure());
    clients.back()->say();
  }
  open->say(get("/healthz"));
  turn();
  open->hear();
  EXPECT_THAT(open->received, HasSubstr("200 OK"));
  EXPECT_EQ(count_answered(clients), 2);  // Of the turn before, and of this one.
}

TEST_F(ApiTlsTest, NewcomersDoNotOvertakeThoseWhoWait) {
  config.tls.handshakes_per_turn = 1;
  speak_tls();
  std::vector<std::unique_ptr<SecureClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(connect_secure());  // One in each turn, and as many can be served.
    clients.back()->say();
    if (i >= 3) turn();
  }
  for (std::size_t i = 0; i < 30; ++i) {
    clients[i]->hear();
    EXPECT_TRUE(clients[i]->answered()) << i;
  }
}

TEST_F(ApiTlsTest, SaysThatItEndsWhenTheSocketHasRoom) {
  // A reader so slow that the socket is full at the end of the answer, too, now and then.
  for (std::size_t step = 500; step < 3'000; step += 100) {
    const auto client = connect_secure(/*buffer_size=*/1);
    shake_hands(*client);
    client->say(get("/openapi.json", "Connection: close\r\n"));
    for (int i = 0; i < 1'000 && !client->ended(); ++i) {
      turn();
      client->hear(step);
    }
    EXPECT_TRUE(client->ended());
    EXPECT_TRUE(client->was_told_of_the_end()) << "read in steps of " << step;
  }
}

TEST_F(ApiTlsTest, DoesNotWaitForEverToSayThatItEnds) {
  bool ended = false;
  for (int reads = 0; !ended; ++reads) {  // It stops reading, at every point of the answer.
    const auto client = connect_secure(/*buffer_size=*/1);
    shake_hands(*client);
    client->say(get("/openapi.json", "Connection: close\r\n"));
    for (int i = 0; i < reads; ++i) {
      turn();
      client->hear(700);
    }
    ended = client->ended();
    pass(config.api.idle_timeout_ms + 10'000);
    ASSERT_EQ(server->connections(), 0) << "after " << reads << " reads";
  }
}

}  // namespace
}  // namespace api
