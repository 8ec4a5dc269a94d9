#include "bench/load/client/ws_wire.h"

#include <gtest/gtest.h>

#include <vector>

#include "bench/load/client/handshake_request.h"

namespace load {
namespace {

std::span<const char> bytes_of(const std::string& text) { return {text.data(), text.size()}; }

std::string server_frame(std::string_view payload, char first = '\x81') {
  std::string frame(1, first);
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xFFFF) {
    frame +=
        {126, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size() & 0xFF)};
  } else {
    frame += {127,
              0,
              0,
              0,
              0,
              static_cast<char>(payload.size() >> 24 & 0xFF),
              static_cast<char>(payload.size() >> 16 & 0xFF),
              static_cast<char>(payload.size() >> 8 & 0xFF),
              static_cast<char>(payload.size() & 0xFF)};
  }
  return frame.append(payload);
}

TEST(ServerFrames, EverySizeAroundTheLengthBorders) {
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 125, 126, 127, 65'535, 65'536}) {
    const std::string payload(size, 'p');
    const std::string wire = server_frame(payload) + "next";
    auto input = bytes_of(wire);
    const FrameStep step = next_server_frame(input);
    ASSERT_TRUE(step.frame.has_value()) << size;
    EXPECT_TRUE(step.frame->fin);
    EXPECT_EQ(step.frame->opcode, Opcode::kText);
    EXPECT_EQ(std::string(step.frame->payload.begin(), step.frame->payload.end()), payload);
    EXPECT_EQ(input.size(), 4u);
  }
}

TEST(ServerFrames, IncompleteAtEverySplit) {
  for (const std::size_t size : std::initializer_list<std::size_t>{3, 126, 65'536}) {
    const std::string wire = server_frame(std::string(size, 'p'));
    for (std::size_t cut = 0; cut < wire.size(); cut += cut < 20 ? 1 : 997) {
      auto input = bytes_of(wire).first(cut);
      const FrameStep step = next_server_frame(input);
      EXPECT_FALSE(step.frame.has_value());
      EXPECT_EQ(step.fault, FrameFault::kNone);
      EXPECT_EQ(input.size(), cut);
    }
  }
}

TEST(ServerFrames, Faults) {
  const std::string masked("\x81\x81\0\0\0\0x", 7);
  auto input = bytes_of(masked);
  EXPECT_EQ(next_server_frame(input).fault, FrameFault::kMasked);
  for (const char first : {'\xC1', '\xA1', '\x91'}) {
    const std::string reserved = server_frame("x", first);
    input = bytes_of(reserved);
    EXPECT_EQ(next_server_frame(input).fault, FrameFault::kReservedBits);
  }
}

// RFC 7692 section 6: RSV1 belongs to the first frame of a message, and only if it was agreed on.
TEST(ServerFrames, CompressedOnes) {
  for (const char first : {'\xC1', '\xC2', '\x41'}) {
    const std::string wire = server_frame("x", first);
    auto input = bytes_of(wire);
    const FrameStep step = next_server_frame(input, /*deflate=*/true);
    ASSERT_TRUE(step.frame.has_value());
    EXPECT_TRUE(step.frame->compressed);
  }
  const std::string plain = server_frame("x");
  auto input = bytes_of(plain);
  EXPECT_FALSE(next_server_frame(input, /*deflate=*/true).frame->compressed);
  for (const char first : {'\xC0', '\xC8', '\xC9', '\xCA', '\xA1', '\x91', '\xE1'}) {
    const std::string wire = server_frame("x", first);
    input = bytes_of(wire);
    EXPECT_EQ(next_server_frame(input, /*deflate=*/true).fault, FrameFault::kReservedBits);
  }
}

TEST(ServerFrames, FragmentsAreTold) {
  const std::string wire = server_frame("a", '\x01') + server_frame("b", '\x80');
  auto input = bytes_of(wire);
  const FrameStep first = next_server_frame(input);
  const FrameStep last = next_server_frame(input);
  ASSERT_TRUE(first.frame && last.frame);
  EXPECT_FALSE(first.frame->fin);
  EXPECT_EQ(last.frame->opcode, Opcode::kContinuation);
  EXPECT_TRUE(last.frame->fin);
}

// RFC 6455 section 5.7: a single-frame masked text message.
TEST(ClientFrames, TheExampleOfTheRfc) {
  constexpr std::uint32_t kKey = 0x3D21FA37;  // 37 fa 21 3d on a little-endian machine.
  std::string out;
  append_client_frame(out, Opcode::kText, "Hello", kKey);
  EXPECT_EQ(out, std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
}

TEST(ClientFrames, UnmaskToWhatWasGivenAtEverySize) {
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 3, 7, 8, 9, 125, 126, 65'535, 65'536}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    std::string out = "before";
    append_client_frame(out, Opcode::kBinary, payload, 0xA1B2C3D4);
    const std::size_t header = size < 126 ? 2 : size <= 0xFFFF ? 4 : 10;
    ASSERT_EQ(out.size(), 6 + header + 4 + size);
    for (std::size_t i = 0; i < size; ++i) {
      ASSERT_EQ(static_cast<char>(out[6 + header + 4 + i] ^ out[6 + header + i % 4]), payload[i])
          << size;
    }
  }
}

// RFC 6455 section 1.3.
TEST(Handshake, AcceptOfTheRfcsExample) {
  EXPECT_EQ(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, KeysAreSixteenBytesAndDiffer) {
  const std::string key = fresh_handshake_key();
  EXPECT_EQ(key.size(), 24u);
  EXPECT_TRUE(key.ends_with("=="));
  EXPECT_NE(key, fresh_handshake_key());
}

TEST(Handshake, AnswerAtEverySplit) {
  const std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\n"
      "sec-websocket-accept:  good \r\n\r\n";
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    auto input = bytes_of(answer).first(cut);
    EXPECT_EQ(read_handshake_answer(input, "good"), HandshakeAnswer::kIncomplete);
    EXPECT_EQ(input.size(), cut);
  }
  const std::string wire = answer + "\x81";
  auto input = bytes_of(wire);
  EXPECT_EQ(read_handshake_answer(input, "good"), HandshakeAnswer::kAccepted);
  EXPECT_EQ(input.size(), 1u);
}

// An extension must be one that was offered (RFC 6455 section 4.1), and what was offered is wanted.
TEST(Handshake, Extensions) {
  const auto answer = [](const std::string& extensions, bool deflate) {
    const std::string wire =
        "HTTP/1.1 101 x\r\nSec-WebSocket-Accept: good\r\n" + extensions + "\r\n";
    auto input = bytes_of(wire);
    return read_handshake_answer(input, "good", deflate);
  };
  const std::string agreed =
      "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
  EXPECT_EQ(answer("", false), HandshakeAnswer::kAccepted);
  EXPECT_EQ(answer(agreed, true), HandshakeAnswer::kAccepted);
  EXPECT_EQ(answer(agreed, false), HandshakeAnswer::kWrongExtension);
  EXPECT_EQ(answer("", true), HandshakeAnswer::kWrongExtension);
  EXPECT_EQ(answer("Sec-WebSocket-Extensions: permessage-deflate\r\n", true),
            HandshakeAnswer::kWrongExtension);
}

TEST(Handshake, OffersDeflateWhereItShall) {
  HandshakeFields fields{.path = "/", .host = "h", .key = "k", .subprotocol = {}};
  EXPECT_EQ(handshake_request(fields).find("Extensions"), std::string::npos);
  fields.deflate = true;
  EXPECT_NE(handshake_request(fields).find(
                "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                "client_no_context_takeover\r\n"),
            std::string::npos);
}

TEST(Handshake, AnswersThatAreRefused) {
  for (const std::string& wire :
       {std::string("HTTP/1.1 503 Busy\r\nSec-WebSocket-Accept: good\r\n\r\n"),
        std::string("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: bad\r\n\r\n"),
        std::string("HTTP/1.1 101 x\r\nX: good\r\n\r\n"), std::string("\r\n\r\n")}) {
    auto input = bytes_of(wire);
    EXPECT_EQ(read_handshake_answer(input, "good"), HandshakeAnswer::kRefused) << wire;
  }
}

}  // namespace
}  // namespace load
