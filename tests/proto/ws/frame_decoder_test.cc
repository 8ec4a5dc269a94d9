#include "proto/ws/frame_decoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/hex.h"
#include "tests/proto/support/splits.h"

namespace ws {
namespace {

using testing_support::Block;
using testing_support::Chunks;
using testing_support::client_frame;
using testing_support::for_each_split;
using testing_support::FrameShape;
using testing_support::from_hex;

// What a decoder said about a stream; payload pieces are joined.
struct Outcome {
  std::string log;
  std::optional<Violation> violation;
  std::size_t consumed_after_violation = 0;
};

void note_begin(const FrameBegin& begin, std::string& log) {
  log += '[' + std::to_string(static_cast<int>(begin.opcode)) + (begin.fin ? " fin" : "") +
         (begin.rsv1 ? " rsv1" : "") + ' ' + std::to_string(begin.payload_size) + ':';
}

Outcome decode(FrameDecoder decoder, const Chunks& chunks) {
  Outcome outcome;
  for (const std::string_view chunk : chunks) {
    Block block(chunk);
    Bytes input = block.bytes();
    for (bool more = true; more;) {
      const std::size_t size_before = input.size();
      const FrameDecoder::Step step = decoder.next(input);
      if (const auto* begin = std::get_if<FrameBegin>(&step)) note_begin(*begin, outcome.log);
      if (const auto* payload = std::get_if<Payload>(&step)) {
        EXPECT_FALSE(payload->bytes.empty());
        outcome.log += dunlin::as_string_view(payload->bytes);
      }
      if (std::holds_alternative<FrameEnd>(step)) outcome.log += ']';
      if (const auto* violation = std::get_if<Violation>(&step)) {
        if (outcome.violation) outcome.consumed_after_violation += size_before - input.size();
        outcome.violation = *violation;
      }
      more = !std::holds_alternative<NeedInput>(step) && !outcome.violation;
    }
  }
  return outcome;
}

constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 40;

struct BadRow {
  const char* rule;
  const char* wire;
  Violation expected;
};

constexpr BadRow kBadRows[] = {
    {"5.1 not masked", "82 00", Violation::kUnmasked},
    {"5.1 not masked, with payload", "81 05 48 65 6C 6C 6F", Violation::kUnmasked},
    {"5.1 ping not masked", "89 00", Violation::kUnmasked},
    {"5.1 not masked, 16-bit length", "82 7E 0080", Violation::kUnmasked},
    {"5.2 RSV1 without an extension", "C2 80 00000000", Violation::kReservedBit},
    {"5.2 RSV2 without an extension", "A2 80 00000000", Violation::kReservedBit},
    {"5.2 RSV3 without an extension", "92 80 00000000", Violation::kReservedBit},
    {"5.2 all RSV", "F1 80 00000000", Violation::kReservedBit},
    {"5.2 RSV1 on a continuation", "C0 80 00000000", Violation::kReservedBit},
    {"5.2 RSV1 on a ping", "C9 80 00000000", Violation::kReservedBit},
    {"5.2 RSV1 on a close", "C8 80 00000000", Violation::kReservedBit},
    {"5.2 opcode 3", "83 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 4", "84 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 5", "85 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 6", "86 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 7", "87 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 11", "8B 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 12", "8C 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 13", "8D 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 14", "8E 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 15", "8F 80 00000000", Violation::kReservedOpcode},
    {"5.2 opcode 15 without FIN", "0F 80 00000000", Violation::kReservedOpcode},
    {"5.2 length 0 in 16 bits", "82 FE 0000 00000000", Violation::kLengthNotMinimal},
    {"5.2 length 125 in 16 bits", "82 FE 007D 00000000", Violation::kLengthNotMinimal},
    {"5.2 length 0 in 64 bits", "82 FF 0000000000000000 00000000", Violation::kLengthNotMinimal},
    {"5.2 length 125 in 64 bits", "82 FF 000000000000007D 00000000", Violation::kLengthNotMinimal},
    {"5.2 length 126 in 64 bits", "82 FF 000000000000007E 00000000", Violation::kLengthNotMinimal},
    {"5.2 length 65535 in 64 bits", "82 FF 000000000000FFFF 0000", Violation::kLengthNotMinimal},
    {"5.2 64-bit length, top bit", "82 FF 8000000000000000 00000000", Violation::kLengthTopBit},
    {"5.2 64-bit length, all bits", "82 FF FFFFFFFFFFFFFFFF 00000000", Violation::kLengthTopBit},
    {"5.5 fragmented close", "08 80 00000000", Violation::kControlFragmented},
    {"5.5 fragmented ping", "09 80 00000000", Violation::kControlFragmented},
    {"5.5 fragmented pong", "0A 80 00000000", Violation::kControlFragmented},
    {"5.5 ping of 126", "89 FE 007E 00000000", Violation::kControlTooLong},
    {"5.5 ping of 16 bits, not minimal", "89 FE 0001 00000000", Violation::kControlTooLong},
    {"5.5 close of 64 bits", "88 FF 0000000000010000 00000000", Violation::kControlTooLong},
    {"10.4 past the limit", "82 FF 0000010000000001 00000000", Violation::kFrameTooBig},
    {"10.4 largest length", "82 FF 7FFFFFFFFFFFFFFF 00000000", Violation::kFrameTooBig},
    {"the first fault counts", "F3 00", Violation::kReservedBit},
    {"the first fault counts, second byte", "82 7F 8000000000000000", Violation::kUnmasked},
};

TEST(FrameDecoderTest, ViolationsAtEverySplit) {
  for (const BadRow& row : kBadRows) {
    for_each_split(from_hex(row.wire), [&](const Chunks& chunks) {
      const Outcome outcome = decode(FrameDecoder(kSizeMax), chunks);
      EXPECT_EQ(outcome.violation, row.expected)
          << row.rule << ", " << testing_support::describe(chunks);
      EXPECT_EQ(outcome.log, "") << row.rule;
      EXPECT_EQ(outcome.consumed_after_violation, 0u) << row.rule;
    });
  }
}

// A good frame before the fault is reported, and nothing after it.
TEST(FrameDecoderTest, ViolationsAfterAGoodFrame) {
  for (const BadRow& row : kBadRows) {
    const std::string wire = client_frame(Opcode::kText, "ok") + from_hex(row.wire) +
                             client_frame(Opcode::kText, "never");
    for_each_split(wire, [&](const Chunks& chunks) {
      const Outcome outcome = decode(FrameDecoder(kSizeMax), chunks);
      EXPECT_EQ(outcome.violation, row.expected) << row.rule;
      EXPECT_EQ(outcome.log, "[1 fin 2:ok]") << row.rule;
    });
  }
}

TEST(FrameDecoderTest, ViolationIsFinal) {
  FrameDecoder decoder(100);
  std::string wire = from_hex("82 00");
  Bytes input = std::as_writable_bytes(std::span(wire));
  EXPECT_EQ(std::get<Violation>(decoder.next(input)), Violation::kUnmasked);
  std::string good = client_frame(Opcode::kText, "ok");
  input = std::as_writable_bytes(std::span(good));
  EXPECT_EQ(std::get<Violation>(decoder.next(input)), Violation::kUnmasked);
  EXPECT_EQ(input.size(), good.size());
}

// The fault is known with the byte that makes it, and not later.
TEST(FrameDecoderTest, FailsWithTheFirstByteThatLeavesNoDoubt) {
  const std::pair<const char*, Violation> rows[] = {
      {"C2", Violation::kReservedBit},         {"83", Violation::kReservedOpcode},
      {"09", Violation::kControlFragmented},   {"82 00", Violation::kUnmasked},
      {"89 FE", Violation::kControlTooLong},   {"82 FE 007D", Violation::kLengthNotMinimal},
      {"82 FE 0101", Violation::kFrameTooBig}, {"82 FF 8000000000000000", Violation::kLengthTopBit},
  };
  for (const auto& [hex, expected] : rows) {
    const std::string wire = from_hex(hex);
    EXPECT_EQ(decode(FrameDecoder(256), {wire}).violation, expected) << hex;
    const std::string_view before = std::string_view(wire).substr(0, wire.size() - 1);
    EXPECT_EQ(decode(FrameDecoder(256), {before}).violation, std::nullopt) << hex;
  }
}

struct GoodRow {
  const char* what;
  Opcode opcode;
  std::size_t payload_size;
  FrameShape shape;
};

const GoodRow kGoodRows[] = {
    {"empty text", Opcode::kText, 0, {}},
    {"one byte", Opcode::kText, 1, {}},
    {"three bytes, less than the key", Opcode::kBinary, 3, {}},
    {"first fragment", Opcode::kText, 5, {.fin = false}},
    {"continuation", Opcode::kContinuation, 5, {.fin = false}},
    {"empty continuation", Opcode::kContinuation, 0, {}},
    {"ping", Opcode::kPing, 4, {}},
    {"ping of 125", Opcode::kPing, 125, {}},
    {"pong", Opcode::kPong, 0, {}},
    {"close", Opcode::kClose, 2, {}},
    {"length 125", Opcode::kBinary, 125, {}},
    {"length 126", Opcode::kBinary, 126, {}},
    {"length 127", Opcode::kBinary, 127, {}},
    {"key of zeros", Opcode::kText, 9, {.key = {}}},
};

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

std::string log_of(const GoodRow& row) {
  std::string log;
  note_begin({row.opcode, row.shape.fin, row.payload_size, row.shape.rsv1}, log);
  return log + text_of(row.payload_size) + ']';
}

TEST(FrameDecoderTest, FramesAtEverySplit) {
  for (const GoodRow& row : kGoodRows) {
    const std::string wire = client_frame(row.opcode, text_of(row.payload_size), row.shape);
    for_each_split(wire + wire, [&](const Chunks& chunks) {
      EXPECT_EQ(decode(FrameDecoder(kSizeMax), chunks).log, log_of(row) + log_of(row))
          << row.what << ", " << testing_support::describe(chunks);
    });
  }
}

TEST(FrameDecoderTest, LengthBoundariesInAFewCuts) {
  for (const std::size_t size : {65534u, 65535u, 65536u, 65537u, 100000u}) {
    const GoodRow row{"big", Opcode::kBinary, size, {}};
    const std::string wire = client_frame(row.opcode, text_of(size));
    for (const std::size_t cut : {0u, 1u, 2u, 3u, 4u, 9u, 10u, 13u, 14u, 15u, 40000u}) {
      const std::string_view view = wire;
      EXPECT_EQ(decode(FrameDecoder(kSizeMax), {view.substr(0, cut), view.substr(cut)}).log,
                log_of(row));
    }
  }
}

TEST(FrameDecoderTest, SizeLimitOnBothSides) {
  for (const std::uint64_t limit : {0u, 1u, 124u, 125u, 126u, 127u, 65535u, 65536u}) {
    for (std::uint64_t size = limit < 2 ? 0 : limit - 2; size <= limit + 2; ++size) {
      const std::string wire = client_frame(Opcode::kBinary, text_of(size));
      const auto violation = decode(FrameDecoder(limit), {wire}).violation;
      EXPECT_EQ(violation.has_value(), size > limit) << size << " of " << limit;
      EXPECT_EQ(violation.value_or(Violation::kFrameTooBig), Violation::kFrameTooBig);
    }
  }
}

// A length that fits only into 64 bits is not cut down to 32: 2^32 + 5 announced, 5 bytes there.
TEST(FrameDecoderTest, LengthIsNeverTruncated) {
  const std::string wire = from_hex("82 FF 0000000100000005 00000000") + "hello";
  const Outcome outcome = decode(FrameDecoder(kSizeMax), {wire});
  EXPECT_EQ(outcome.log, "[2 fin 4294967301:hello");
  EXPECT_EQ(outcome.violation, std::nullopt);
}

TEST(FrameDecoderTest, Rsv1WhereAnExtensionAllowsIt) {
  const FrameDecoder decoder(kSizeMax, Rsv1::kAllowed);
  const auto try_frame = [&](Opcode opcode, bool fin) {
    return decode(decoder, {client_frame(opcode, "x", {.fin = fin, .rsv1 = true})});
  };
  EXPECT_EQ(try_frame(Opcode::kText, true).log, "[1 fin rsv1 1:x]");
  EXPECT_EQ(try_frame(Opcode::kBinary, false).log, "[2 rsv1 1:x]");
  EXPECT_EQ(try_frame(Opcode::kContinuation, true).violation, Violation::kReservedBit);
  EXPECT_EQ(try_frame(Opcode::kPing, true).violation, Violation::kReservedBit);
  EXPECT_EQ(decode(decoder, {from_hex("E1 80 00000000")}).violation, Violation::kReservedBit);
}

}  // namespace
}  // namespace ws
