#include "proto/ws/frame_encoder.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/hex.h"

namespace ws {
namespace {

using testing_support::from_hex;

struct HeaderRow {
  const char* rule;
  Opcode opcode;
  std::uint64_t payload_size;
  bool fin;
  bool rsv1;
  const char* hex;
};

constexpr HeaderRow kHeaderRows[] = {
    {"empty text", Opcode::kText, 0, true, false, "81 00"},
    {"7 bits: 125", Opcode::kText, 125, true, false, "81 7D"},
    {"16 bits: 126", Opcode::kText, 126, true, false, "81 7E 007E"},
    {"16 bits: 127", Opcode::kBinary, 127, true, false, "82 7E 007F"},
    {"16 bits: 65535", Opcode::kBinary, 65535, true, false, "82 7E FFFF"},
    {"64 bits: 65536", Opcode::kBinary, 65536, true, false, "82 7F 0000000000010000"},
    {"64 bits: 2^32 + 5", Opcode::kBinary, 0x100000005, true, false, "82 7F 0000000100000005"},
    {"first fragment", Opcode::kText, 1, false, false, "01 01"},
    {"continuation", Opcode::kContinuation, 1, false, false, "00 01"},
    {"last fragment", Opcode::kContinuation, 1, true, false, "80 01"},
    {"compressed", Opcode::kText, 1, true, true, "C1 01"},
    {"close", Opcode::kClose, 2, true, false, "88 02"},
    {"ping", Opcode::kPing, 125, true, false, "89 7D"},
    {"pong", Opcode::kPong, 0, true, false, "8A 00"},
};

TEST(FrameEncoderTest, Headers) {
  for (const HeaderRow& row : kHeaderRows) {
    std::array<std::byte, kFrameHeaderSizeMax> out;
    const std::size_t size =
        encode_frame_header(row.opcode, row.payload_size, out.data(), row.fin, row.rsv1);
    EXPECT_EQ(dunlin::as_string_view(dunlin::ConstBytes(out).first(size)), from_hex(row.hex))
        << row.rule;
  }
}

TEST(FrameEncoderTest, AppendsWholeFrames) {
  std::string out = "before";
  append_frame(out, Opcode::kText, dunlin::as_bytes("Hello"));
  EXPECT_EQ(out, "before\x81\x05Hello");  // The example of 5.7.
}

struct CloseRow {
  const char* rule;
  CloseCode code;
  std::string reason;
  std::string expected_payload;
};

TEST(FrameEncoderTest, CloseFrames) {
  const std::string euro = "\xe2\x82\xac";
  const std::string grin = "\xf0\x9f\x98\x80";
  const auto payload = testing_support::close_payload;
  const CloseRow rows[] = {
      {"no status", CloseCode::kNoStatus, "", ""},
      {"no status has no reason", CloseCode::kNoStatus, "ignored", ""},
      {"code alone", CloseCode::kNormal, "", payload(1000, "")},
      {"code and reason", CloseCode::kGoingAway, "bye", payload(1001, "bye")},
      {"application code, lowest", CloseCode{4000}, "", payload(4000, "")},
      {"application code, highest", CloseCode{4999}, "x", payload(4999, "x")},
      {"reason of 122", CloseCode{1000}, std::string(122, 'a'),
       payload(1000, std::string(122, 'a'))},
      {"reason of 123", CloseCode{1000}, std::string(123, 'a'),
       payload(1000, std::string(123, 'a'))},
      {"reason of 124", CloseCode{1000}, std::string(124, 'a'),
       payload(1000, std::string(123, 'a'))},
      {"character ends at 123", CloseCode{1000}, std::string(120, 'a') + euro + "b",
       payload(1000, std::string(120, 'a') + euro)},
      {"character ends at 124", CloseCode{1000}, std::string(121, 'a') + euro,
       payload(1000, std::string(121, 'a'))},
      {"character ends at 125", CloseCode{1000}, std::string(122, 'a') + euro,
       payload(1000, std::string(122, 'a'))},
      {"four bytes ending at 126", CloseCode{1000}, std::string(122, 'a') + grin,
       payload(1000, std::string(122, 'a'))},
      {"four bytes ending at 124", CloseCode{1000}, std::string(120, 'a') + grin,
       payload(1000, std::string(120, 'a'))},
  };
  for (const CloseRow& row : rows) {
    std::string out;
    append_close_frame(out, row.code, row.reason);
    const auto size = static_cast<char>(row.expected_payload.size());
    EXPECT_EQ(out, std::string("\x88") + size + row.expected_payload) << row.rule;
  }
}

using FrameEncoderDeathTest = testing::Test;

TEST(FrameEncoderDeathTest, RefusesWhatOnlyWeCanGetWrong) {
  std::string out;
  EXPECT_DEATH(append_close_frame(out, CloseCode::kAbnormal, ""), "assertion failed");
  EXPECT_DEATH(append_close_frame(out, CloseCode{999}, ""), "assertion failed");
  const std::string long_payload(126, 'a');
  EXPECT_DEATH(append_frame(out, Opcode::kPing, dunlin::as_bytes(long_payload)), "assertion");
}

}  // namespace
}  // namespace ws
