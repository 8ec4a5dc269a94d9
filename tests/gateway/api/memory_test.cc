// What the API holds of requests that are being read, and what it takes in when memory is full.
#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

class MemoryTest : public ApiTest {
 protected:
  // A push whose body, of 100,000 bytes, begins with so many.
  static std::string begun_push(std::size_t size) {
    return "POST /v1/push/1 HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
           "Content-Length: 100000\r\n\r\n" +
           std::string(size, 'x');
  }
};

TEST_F(MemoryTest, FullItRefusesPushesAndKeepsNoBody) {
  dispatcher.admission = Admission::kMemoryFull;
  const auto answers = ask(push_to("1", "a"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.front().status, 503);
  EXPECT_NE(answers.front().body.find("memory_full"), std::string::npos);
  EXPECT_NE(answers.front().head.find("Retry-After:"), std::string::npos);
  Client client = connect();
  client.send(begun_push(50'000));
  turns();
  EXPECT_LT(counters.api_bytes.value(), 1'000U);
  client.send(std::string(50'000, 'x'));
  turns();
  client.receive();
  EXPECT_NE(client.received.find("memory_full"), std::string::npos);
}

TEST_F(MemoryTest, BodiesThatAreBeingReadAreCounted) {
  {
    Client client = connect();
    client.send(begun_push(50'000));
    turns();
    EXPECT_EQ(counters.api_bytes.value(), 50'000U);
    client.send(std::string(50'000, 'x'));
    turns();
    EXPECT_EQ(counters.api_bytes.value(), 0U);
    client.send(begun_push(3));
    turns();
    EXPECT_EQ(counters.api_bytes.value(), 3U);
  }
  turns();
  EXPECT_EQ(counters.api_bytes.value(), 0U);  // Its end gives all of it back.
}

}  // namespace
}  // namespace api
