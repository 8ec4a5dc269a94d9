// NDJSON: one push a line.
#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StreamTest : public ApiTest {
 protected:
  static constexpr std::string_view kHead =
      "POST /v1/push HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";

  static std::string chunk(std::string_view bytes) {
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return std::string(size.data()).append(bytes).append("\r\n");
  }
  static std::string line(int number) {
    return R"({"uid":"u","text":")" + std::to_string(number) + "\"}\n";
  }
  // The whole lines of the (perhaps unfinished) streamed answer.
  static std::vector<std::string> lines_of(std::string_view received) {
    std::string body;
    received.remove_prefix(std::min(received.find("\r\n\r\n") + 4, received.size()));
    while (!received.empty()) {
      const std::size_t end = received.find("\r\n");
      if (end == std::string_view::npos) break;
      const auto size =
          static_cast<std::size_t>(std::stoul(std::string(received.substr(0, end)), nullptr, 16));
      body.append(received.substr(end + 2, size));
      received.remove_prefix(std::min(end + 2 + size + 2, received.size()));
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t end = body.find('\n', at);
      if (end == std::string::npos) break;
      lines.push_back(body.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  static std::string ndjson(std::string_view body) {
    return post("/v1/push", body, "Content-Type: application/x-ndjson\r\n");
  }
};

TEST_F(StreamTest, AnswersLineByLineWhileItIsSent) {
  Client client = connect();
  client.send(kHead);
  turns();
  client.receive();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson"
                                          "\r\nTransfer-Encoding: chunked\r\n"));
  client.send(chunk(line(1)));
  turns();
  client.receive();
  EXPECT_EQ(lines_of(client.received).size(), 1);
  client.send(chunk(line(2) + "\r\n \n" + line(3) + R"({"uid":"u",)"));
  client.send(chunk(R"("text":"4"})"));
  turns();
  client.receive();
  EXPECT_EQ(lines_of(client.received).size(), 3);
  client.send("0\r\n\r\n" + get("/healthz"));
  turns();
  client.receive();
  EXPECT_THAT(dispatcher.payloads, ElementsAre("1", "2", "3", "4"));
  const auto answers = cut_answers(client.received);
  ASSERT_EQ(answers.size(), 2);
  EXPECT_EQ(std::count(answers[0].body.begin(), answers[0].body.end(), '\n'), 4);
  EXPECT_EQ(answers[1].status, 200);
}

TEST_F(StreamTest, LinesAreAnsweredInOrder) {
  answer_at_once = false;
  Client client = connect();
  client.send(ndjson(line(1) + line(2) + line(3)));
  turns();
  ASSERT_EQ(dispatcher.pushes.size(), 3);
  dispatcher.answer_push(2, 33);
  dispatcher.answer_push(0, 11);
  turns();
  client.receive();
  EXPECT_EQ(lines_of(client.received).size(), 1);
  dispatcher.answer_push(0, 22);
  turns();
  client.receive();
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 3);
  EXPECT_THAT(lines[0], HasSubstr(R"("matched":11)"));
  EXPECT_THAT(lines[1], HasSubstr(R"("matched":22)"));
  EXPECT_THAT(lines[2], HasSubstr(R"("matched":33)"));
  EXPECT_EQ(cut_answers(client.received).size(), 1);
}

TEST_F(StreamTest, ABadLineIsSaidAndTheStreamGoesOn) {
  config.api.line_size_max = 100;
  start();
  Client client = connect();
  client.send(ndjson(line(1) + "nonsense\n\n" +
                     R"({"uid":1,"text":""})"
                     "\n" +
                     "\xFF\n" + std::string(200, 'x') + "\n" + line(7) + "{\"uid\":\"u\""));
  turns();
  client.receive();
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 7);
  EXPECT_THAT(lines[0], HasSubstr(R"("matched":1)"));
  EXPECT_THAT(lines[1], StartsWith(R"({"error":{"code":"wrong_type")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("line":2})"));
  EXPECT_THAT(lines[2], HasSubstr(R"("path":"uid"},"line":4})"));
  EXPECT_THAT(lines[3], HasSubstr(R"("code":"invalid_utf8")"));
  EXPECT_THAT(lines[3], HasSubstr(R"("line":5})"));
  EXPECT_THAT(lines[4], HasSubstr(R"("code":"line_too_long")"));
  EXPECT_THAT(lines[4], HasSubstr(R"("line":6})"));
  EXPECT_THAT(lines[5], HasSubstr(R"("matched":1)"));
  EXPECT_THAT(lines[6], HasSubstr(R"("line":8})"));
  EXPECT_EQ(cut_answers(client.received).size(), 1);
}

TEST_F(StreamTest, AnOfflineUserIsNoError) {
  answer_at_once = false;
  Client client = connect();
  client.send(ndjson(line(1)));
  turns();
  dispatcher.answer_push(0, 0);
  turns();
  client.receive();
  EXPECT_THAT(lines_of(client.received).at(0), HasSubstr(R"("offline":["u"])"));
}

TEST_F(StreamTest, AFullRingStallsTheStreamAndLosesNothing) {
  Client client = connect();
  std::string body;
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    body += line(i);
    expected.push_back(std::to_string(i));
  }
  dispatcher.room = 7;
  answer_at_once = false;
  client.send(ndjson(body));
  turns();
  EXPECT_EQ(dispatcher.payloads.size(), 7);
  EXPECT_EQ(server->next_deadline(), now_ms + 2);  // Nothing spins: it waits for time or an answer.
  EXPECT_FALSE(server->has_ready_work());
  dispatcher.room = 1;
  dispatcher.answer_push(0);
  turns();
  EXPECT_EQ(dispatcher.payloads.size(), 8);  // An answer means that there may be room.
  dispatcher.room = 3;
  now_ms += 2;
  turns();
  EXPECT_EQ(dispatcher.payloads.size(), 11);
  dispatcher.room = FakeDispatcher::kUnlimited;
  answer_at_once = true;
  pass(100);
  EXPECT_EQ(dispatcher.payloads, expected);
  client.receive();
  EXPECT_EQ(lines_of(client.received).size(), 50);
  EXPECT_EQ(cut_answers(client.received).size(), 1);
}

TEST_F(StreamTest, DrainingEndsAStream) {
  Client client = connect();
  client.send(std::string(kHead) + chunk(line(1)));
  turns();
  server->stop_accepting();
  turns();
  EXPECT_EQ(server->open_requests(), 0);
  client.receive();
  EXPECT_TRUE(client.ended);
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 2);
  EXPECT_THAT(lines[1], HasSubstr(R"("code":"draining")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("line":2})"));
}

TEST_F(StreamTest, DrainingEndsAStalledStream) {
  dispatcher.room = 1;
  Client client = connect();
  client.send(ndjson(line(1) + line(2) + line(3)));
  turns();
  server->stop_accepting();
  turns();
  client.receive();
  EXPECT_TRUE(client.ended);
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 3);
  EXPECT_THAT(lines[1], HasSubstr(R"("line":2})"));
  EXPECT_THAT(dispatcher.payloads, ElementsAre("1"));
}

TEST_F(StreamTest, ATruncatedStreamSaysSo) {
  Client client = connect();
  client.send(std::string(kHead) + chunk(line(1) + "{\"uid"));
  client.end_output();
  turns();
  client.receive();
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 2);
  EXPECT_THAT(lines[1], HasSubstr("truncated"));
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(server->connections(), 0);
}

TEST_F(StreamTest, BadChunkingEndsTheStream) {
  Client client = connect();
  client.send(std::string(kHead) + chunk(line(1)) + "zz\r\n");
  turns();
  client.receive();
  const auto lines = lines_of(client.received);
  ASSERT_EQ(lines.size(), 2);
  EXPECT_THAT(lines[1], StartsWith(R"({"error":)"));
  EXPECT_TRUE(client.ended);
}

TEST_F(StreamTest, WithoutChunksForHttp10) {
  Client client = connect();
  const std::string body = line(1) + line(2);
  client.send(
      "POST /v1/push HTTP/1.0\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  turns();
  client.receive();
  EXPECT_THAT(client.received, ::testing::Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(client.received, HasSubstr("Connection: close"));
  EXPECT_EQ(std::count(client.received.begin(), client.received.end(), '\n'), 5 + 2);
  EXPECT_TRUE(client.ended);
}

// Any length, and no more held than the limits say, however slowly the answers are read.
TEST_F(StreamTest, ASlowReaderStopsTheStream) {
  constexpr int kLines = 20'000;
  Client client = connect(8192);
  client.send(kHead);
  int next = 0;
  std::size_t most_under_way = 0;
  for (int i = 0; i < 200; ++i) {  // The client writes all it can, and reads nothing.
    while (client.all_sent() && next < kLines) client.send(chunk(line(next++)));
    client.send_more();
    turn();
    most_under_way = std::max(most_under_way, dispatcher.pushes.size());
  }
  EXPECT_LT(dispatcher.payloads.size(), 6'000);  // kOutputHigh of answers, and a kernel's buffer.
  while (next < kLines || !client.all_sent()) {
    client.receive(1'000);
    while (client.all_sent() && next < kLines) client.send(chunk(line(next++)));
    client.send_more();
    turn();
    most_under_way = std::max(most_under_way, dispatcher.pushes.size());
  }
  client.send("0\r\n\r\n");
  for (int i = 0; i < 10'000 && cut_answers(client.received.substr(0, 0)).empty() &&
                  !client.received.ends_with("\r\n0\r\n\r\n");
       ++i) {
    turn();
    client.receive();
  }
  EXPECT_EQ(lines_of(client.received).size(), kLines);
  ASSERT_EQ(dispatcher.payloads.size(), kLines);
  for (int i = 0; i < kLines; ++i) {
    ASSERT_EQ(dispatcher.payloads[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

TEST_F(StreamTest, NotMoreThanSoManyLinesAreUnderWay) {
  answer_at_once = false;
  Client client = connect();
  std::string body;
  for (int i = 0; i < 5'000; ++i) body += line(i);
  client.send(ndjson(body));
  for (int i = 0; i < 20; ++i) {
    client.send_more();
    turn();
  }
  EXPECT_LE(dispatcher.pushes.size(), PushStream::kLinesMax);
  answer_at_once = true;
  for (int i = 0; i < 100; ++i) {
    client.send_more();
    turn();
    client.receive();
  }
  EXPECT_EQ(lines_of(client.received).size(), 5'000);
}

TEST_F(StreamTest, AnIdleStreamTimesOut) {
  config.api.idle_timeout_ms = 1'000;
  config.api.request_timeout_ms = 300;
  start();
  Client client = connect();
  client.send(kHead);
  for (int i = 0; i < 10; ++i) {
    client.send(chunk(line(i)));
    pass(500);
  }
  client.receive();
  EXPECT_EQ(lines_of(client.received).size(), 10);
  EXPECT_FALSE(client.ended);
  pass(2'000);
  client.receive();
  EXPECT_TRUE(client.ended);
}

}  // namespace
}  // namespace api
