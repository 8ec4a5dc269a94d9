#include "bench/limit/wire.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace limit {
namespace {

std::span<char> bytes_of(std::string& text) { return {text.data(), text.size()}; }

TEST(LimitWire, UnmasksTheExampleOfTheRfc) {
  std::string wire("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58rest");
  auto input = bytes_of(wire);
  const auto frame = next_frame(input);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->opcode, Opcode::kText);
  EXPECT_EQ(std::string(frame->payload.begin(), frame->payload.end()), "Hello");
  EXPECT_EQ(input.size(), 4u);
}

TEST(LimitWire, IncompleteFramesAreLeftAlone) {
  const std::string whole("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string wire = whole.substr(0, cut);
    auto input = bytes_of(wire);
    EXPECT_FALSE(next_frame(input).has_value()) << cut;
    EXPECT_EQ(wire, whole.substr(0, cut));
  }
}

TEST(LimitWire, FrameHeaders) {
  std::array<char, kFrameHeaderSizeMax> header{};
  const auto written = [&](std::size_t size) {
    return std::string(header.data(), write_frame_header(header.data(), Opcode::kText, size));
  };
  EXPECT_EQ(written(125), std::string("\x81\x7D", 2));
  EXPECT_EQ(written(126), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(written(65'535), std::string("\x81\x7E\xFF\xFF", 4));
  EXPECT_EQ(written(65'536), std::string("\x81\x7F\0\0\0\0\0\x01\0\0", 10));
}

TEST(LimitWire, RequestsAtEverySplit) {
  const std::string whole = "POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string wire = whole.substr(0, cut);
    auto input = bytes_of(wire);
    EXPECT_FALSE(next_request(input).has_value()) << cut;
  }
  std::string wire = whole + "GET";
  auto input = bytes_of(wire);
  const auto request = next_request(input);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->body, "abc");
  EXPECT_EQ(input.size(), 3u);
}

TEST(LimitWire, ChunksAtEverySplit) {
  const std::string whole = "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string wire = whole.substr(0, cut);
    auto input = bytes_of(wire);
    EXPECT_FALSE(next_chunk(input).has_value()) << cut;
    EXPECT_EQ(input.size(), cut);
  }
  std::string wire = whole + "0\r\n\r\nrest";
  auto input = bytes_of(wire);
  EXPECT_EQ(next_chunk(input), "abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(next_chunk(input), "") << "the last one";
  EXPECT_EQ(input.size(), 4u);
}

TEST(LimitWire, Pushes) {
  const auto one = parse_push(R"({"uid":"123456","text":"Hello"})");
  ASSERT_TRUE(one.has_value());
  EXPECT_FALSE(one->everyone);
  EXPECT_EQ(one->uid, 123'456u);
  EXPECT_EQ(one->text, "Hello");
  const auto all = parse_push(R"({"all":true,"text":"Hi"})");
  ASSERT_TRUE(all.has_value());
  EXPECT_TRUE(all->everyone);
  EXPECT_FALSE(parse_push("{}").has_value());
  EXPECT_FALSE(parse_uid(R"({"uid":"x"})").has_value());
}

TEST(LimitWire, AnswersTheHandshakeOfTheRfc) {
  const std::string answer =
      upgrade_answer("GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            std::string::npos);
  EXPECT_EQ(upgrade_answer("GET / HTTP/1.1\r\n\r\n"), "");
}

}  // namespace
}  // namespace limit
