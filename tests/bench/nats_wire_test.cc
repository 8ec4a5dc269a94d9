#include "bench/load/client/nats_wire.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client/message_decoder.h"

namespace load {
namespace {

using Kind = NatsStep::Kind;

struct Row {
  std::string_view wire;
  Kind kind;
  std::string_view text = {};
};

TEST(NatsWire, ReadsEachStep) {
  constexpr Row kRows[] = {
      {"INFO {\"server_id\":\"X\"}\r\n", Kind::kRemark},
      {"+OK\r\n", Kind::kRemark},
      {"PING\r\n", Kind::kPing},
      {"PONG\r\n", Kind::kPong},
      {"-ERR 'Unknown Protocol Operation'\r\n", Kind::kError, "-ERR 'Unknown Protocol Operation'"},
      {"MSG all 2 5\r\nhello\r\n", Kind::kPublication, "hello"},
      {"MSG uid.1 1 reply.to 2\r\nhi\r\n", Kind::kPublication, "hi"},
      {"MSG all 2 0\r\n\r\n", Kind::kPublication, ""},
      {"MSG all 2 4\r\n\r\n\r\n\r\n", Kind::kPublication, "\r\n\r\n"},  // The size rules, not CRLF.
      {"MSG all 2 x\r\nhello\r\n", Kind::kFault},
      {"MSG all 2 -1\r\nhello\r\n", Kind::kFault},
      {"MSG all 2 99999999999\r\n", Kind::kFault},
      {"MSG all 2 4\r\nhello\r\n", Kind::kFault},  // Another end than the size says.
      {"HTTP/1.1 400 Bad Request\r\n", Kind::kFault},
      {"\r\n", Kind::kFault},
  };
  for (const Row& row : kRows) {
    std::string_view input = row.wire;
    const NatsStep step = next_nats_step(input);
    EXPECT_EQ(step.kind, row.kind) << row.wire;
    EXPECT_EQ(step.text, row.text) << row.wire;
    if (row.kind != Kind::kFault) {
      EXPECT_TRUE(input.empty()) << row.wire;
    }
  }
}

TEST(NatsWire, WaitsForAWholeStep) {
  constexpr std::string_view kWhole = "MSG all 2 5\r\nhello\r\n";
  for (std::size_t size = 0; size < kWhole.size(); ++size) {
    std::string_view input = kWhole.substr(0, size);
    EXPECT_EQ(next_nats_step(input).kind, Kind::kNeedInput) << size;
    EXPECT_EQ(input.size(), size);
  }
}

TEST(NatsWire, ALineHasABound) {
  const std::string endless(kNatsLineSizeMax + 1, 'x');
  std::string_view input = std::string_view(endless).substr(1);
  EXPECT_EQ(next_nats_step(input).kind, Kind::kNeedInput);
  input = endless;
  EXPECT_EQ(next_nats_step(input).kind, Kind::kFault);
}

TEST(NatsWire, WritesAPublication) {
  std::string out;
  append_nats_publication(out, {.subject = "uid.7", .payload = "hello"});
  EXPECT_EQ(out, "PUB uid.7 5\r\nhello\r\n");
}

class Collector final : public MessageDecoder::Sink {
 public:
  void on_publication(std::string_view payload) override { publications.emplace_back(payload); }
  void on_reply(std::string_view message) override { replies.emplace_back(message); }

  std::vector<std::string> publications;
  std::vector<std::string> replies;
};

TEST(MessageDecoder, OfHttpEveryMessageIsAPublication) {
  Collector collector;
  const auto decoder = make_message_decoder(Protocol::kHttp);
  EXPECT_TRUE(decoder->decode("PING\r\n", collector));
  EXPECT_TRUE(decoder->decode("", collector));
  EXPECT_EQ(collector.publications, (std::vector<std::string>{"PING\r\n", ""}));
  EXPECT_TRUE(collector.replies.empty());
}

TEST(MessageDecoder, OfNatsMessagesArePiecesOfAStream) {
  const std::string stream =
      "INFO {}\r\nMSG all 2 5\r\nhello\r\nPING\r\nMSG uid.1 1 2\r\nhi\r\nMSG all 2 1\r\n!\r\n";
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      Collector collector;
      const auto decoder = make_message_decoder(Protocol::kNats);
      const std::string_view whole = stream;
      EXPECT_TRUE(decoder->decode(whole.substr(0, first), collector));
      EXPECT_TRUE(decoder->decode(whole.substr(first, second - first), collector));
      EXPECT_TRUE(decoder->decode(whole.substr(second), collector));
      EXPECT_EQ(collector.publications, (std::vector<std::string>{"hello", "hi", "!"}));
      EXPECT_EQ(collector.replies, (std::vector<std::string>{"PONG\r\n"}));
    }
  }
}

TEST(MessageDecoder, OfNatsAnErrorIsTheEnd) {
  Collector collector;
  EXPECT_FALSE(
      make_message_decoder(Protocol::kNats)->decode("-ERR 'Stale Connection'\r\n", collector));
  EXPECT_FALSE(make_message_decoder(Protocol::kNats)->decode("hello\r\n", collector));
  EXPECT_TRUE(collector.publications.empty());
}

}  // namespace
}  // namespace load
