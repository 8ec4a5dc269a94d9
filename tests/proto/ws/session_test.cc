#include "proto/ws/session.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/hex.h"
#include "tests/proto/support/session_events.h"

namespace ws {
namespace {

using testing_support::Chunks;
using testing_support::client_frame;
using testing_support::close_payload;
using testing_support::events_of;
using testing_support::feed;
using testing_support::for_each_split;
using testing_support::FrameShape;
using testing_support::from_hex;
using testing_support::Lines;

static_assert(!std::is_copy_constructible_v<Session>);
static_assert(std::is_nothrow_move_constructible_v<Session>);

constexpr std::uint64_t kSizeMax = 64;
constexpr FrameShape kMore{.fin = false};

std::string text(std::string_view payload) { return client_frame(Opcode::kText, payload); }
std::string first(std::string_view payload, Opcode opcode = Opcode::kText) {
  return client_frame(opcode, payload, kMore);
}
std::string more(std::string_view payload) {
  return client_frame(Opcode::kContinuation, payload, kMore);
}
std::string last(std::string_view payload) { return client_frame(Opcode::kContinuation, payload); }
std::string ping(std::string_view payload) { return client_frame(Opcode::kPing, payload); }
std::string close(std::string_view payload) { return client_frame(Opcode::kClose, payload); }

struct Row {
  std::string rule;
  std::string wire;
  Lines expected;
};

void expect_at_every_split(const Row& row) {
  for_each_split(row.wire, [&](const Chunks& chunks) {
    ASSERT_EQ(events_of(Session(kSizeMax), chunks), row.expected)
        << row.rule << ", " << testing_support::describe(chunks);
  });
}

TEST(SessionTest, Messages) {
  const std::string euro = "\xe2\x82\xac";
  const Row rows[] = {
      {"one text", text("Hello"), {"text Hello"}},
      {"empty text", text(""), {"text "}},
      {"one binary", client_frame(Opcode::kBinary, "\xff\xfe"), {"binary \xff\xfe"}},
      {"empty binary", client_frame(Opcode::kBinary, ""), {"binary "}},
      {"three in a row", text("a") + text("") + text("c"), {"text a", "text ", "text c"}},
      {"ping", ping("x"), {"ping x"}},
      {"empty ping", ping(""), {"ping "}},
      {"ping of 125", ping(std::string(125, 'p')), {"ping " + std::string(125, 'p')}},
      {"ping past the message limit",
       ping(std::string(100, 'p')),
       {"ping " + std::string(100, 'p')}},
      {"unasked pong", client_frame(Opcode::kPong, "x"), {"pong x"}},
      {"ping is not UTF-8", ping("\xff"), {"ping \xff"}},
      {"5.4 two fragments", first("Hel") + last("lo"), {"text Hello"}},
      {"5.4 three fragments", first("He") + more("l") + last("lo"), {"text Hello"}},
      {"5.4 binary fragments", first("\xff", Opcode::kBinary) + last("\xfe"), {"binary \xff\xfe"}},
      {"5.4 empty fragments", first("") + more("") + more("") + last(""), {"text "}},
      {"5.4 only the last has bytes", first("") + last("x"), {"text x"}},
      {"5.4 only the first has bytes", first("x") + last(""), {"text x"}},
      {"5.4 ping between fragments",
       first("Hel") + ping("p") + last("lo"),
       {"ping p", "text Hello"}},
      {"5.4 pings everywhere",
       ping("1") + first("a") + ping("2") + more("b") + ping("") + last("c"),
       {"ping 1", "ping 2", "ping ", "text abc"}},
      {"5.4 ping between empty fragments", first("") + ping("p") + last(""), {"ping p", "text "}},
      {"messages after fragments", first("a") + last("b") + text("c"), {"text ab", "text c"}},
      {"8.1 character over two fragments", first("\xe2") + last("\x82\xac"), {"text " + euro}},
      {"8.1 character over three, with a ping",
       first("\xe2") + ping("\xff") + more("\x82") + last("\xac"),
       {"ping \xff", "text " + euro}},
      {"8.1 each message starts anew", text(euro) + text(euro), {"text " + euro, "text " + euro}},
  };
  for (const Row& row : rows) expect_at_every_split(row);
}

TEST(SessionTest, Violations) {
  const Row rows[] = {
      {"5.1 not masked", from_hex("81 01 41"), {"violation unmasked"}},
      {"5.2 RSV1", from_hex("C1 80 00000000"), {"violation reserved_bit"}},
      {"5.4 continuation first", last("x"), {"violation continuation_unexpected"}},
      {"5.4 empty continuation first", more(""), {"violation continuation_unexpected"}},
      {"5.4 continuation after a message",
       text("a") + last("b"),
       {"text a", "violation continuation_unexpected"}},
      {"5.4 continuation after a fragmented one",
       first("a") + last("b") + last("c"),
       {"text ab", "violation continuation_unexpected"}},
      {"5.4 text inside a message", first("a") + text("b"), {"violation continuation_expected"}},
      {"5.4 binary inside a message",
       first("a") + client_frame(Opcode::kBinary, "b"),
       {"violation continuation_expected"}},
      {"5.4 text after an empty fragment",
       first("") + text("b"),
       {"violation continuation_expected"}},
      {"5.5 fragmented ping",
       client_frame(Opcode::kPing, "", kMore),
       {"violation control_fragmented"}},
      {"8.1 not UTF-8", text("a\xff"), {"violation invalid_utf8"}},
      {"8.1 ends inside a character", text("\xe2\x82"), {"violation invalid_utf8"}},
      {"8.1 surrogate", text("\xed\xa0\x80"), {"violation invalid_utf8"}},
      {"8.1 fragment not UTF-8", first("\xff"), {"violation invalid_utf8"}},
      {"8.1 last ends inside a character",
       first("\xe2") + last("\x82"),
       {"violation invalid_utf8"}},
      {"8.1 empty last, open character", first("\xe2\x82") + last(""), {"violation invalid_utf8"}},
      {"8.1 ASCII where a continuation is due",
       first("\xe2") + last("a"),
       {"violation invalid_utf8"}},
      {"8.1 good ping before",
       first("\xe2") + ping("p") + last("a"),
       {"ping p", "violation invalid_utf8"}},
      {"nothing after a violation",
       text("\xff") + text("a") + close(close_payload(1000)),
       {"violation invalid_utf8"}},
  };
  for (const Row& row : rows) expect_at_every_split(row);
}

TEST(SessionTest, Closes) {
  const Row rows[] = {
      {"5.5.1 no payload", close(""), {"close 1005 "}},
      {"5.5.1 code", close(close_payload(1000)), {"close 1000 "}},
      {"5.5.1 code and reason", close(close_payload(1001, "bye")), {"close 1001 bye"}},
      {"5.5.1 reason of 123",
       close(close_payload(4000, std::string(123, 'r'))),
       {"close 4000 " + std::string(123, 'r')}},
      {"5.5.1 one byte", close("\x03"), {"violation close_payload_size"}},
      {"5.5.1 reason not UTF-8",
       close(close_payload(1000, "\xff")),
       {"violation close_reason_utf8"}},
      {"5.5.1 reason ends inside a character",
       close(close_payload(1000, "\xe2\x82")),
       {"violation close_reason_utf8"}},
      {"7.4 bad code and bad reason", close(close_payload(999, "\xff")), {"violation close_code"}},
      {"1.4 nothing after a Close", close("") + text("a") + ping("") + close(""), {"close 1005 "}},
      {"1.4 not even a fault", close("") + from_hex("FF FF FF FF"), {"close 1005 "}},
      {"5.4 Close between fragments",
       first("a") + close(close_payload(1000, "x")) + last("b"),
       {"close 1000 x"}},
  };
  for (const Row& row : rows) expect_at_every_split(row);
}

TEST(SessionTest, EveryCloseCode) {
  for (unsigned code = 0; code <= 0xffff; ++code) {
    const std::string wire = close(close_payload(code));
    const Lines expected = {is_valid_on_wire(static_cast<std::uint16_t>(code))
                                ? "close " + std::to_string(code) + " "
                                : "violation close_code"};
    ASSERT_EQ(events_of(Session(kSizeMax), {wire}), expected) << code;
  }
}

TEST(SessionTest, MessageSizeLimit) {
  const auto bytes = [](std::size_t size) { return std::string(size, 'x'); };
  const std::string all = "text " + bytes(64);
  const Row rows[] = {
      {"limit - 1", text(bytes(63)), {"text " + bytes(63)}},
      {"limit", text(bytes(64)), {all}},
      {"limit + 1", text(bytes(65)), {"violation frame_too_big"}},
      {"fragments to the limit", first(bytes(32)) + last(bytes(32)), {all}},
      {"fragments past the limit",
       first(bytes(32)) + last(bytes(33)),
       {"violation message_too_big"}},
      {"one fragment too big", first(bytes(65)), {"violation frame_too_big"}},
      {"last byte too many", first(bytes(64)) + last("x"), {"violation message_too_big"}},
      {"empty last at the limit", first(bytes(64)) + last(""), {all}},
      {"ping at the limit", first(bytes(64)) + ping("p") + last(""), {"ping p", all}},
      {"each message has its own limit", text(bytes(64)) + text(bytes(64)), {all, all}},
      {"and so have fragmented ones",
       first(bytes(40)) + last(bytes(24)) + text(bytes(64)),
       {all, all}},
  };
  for (const Row& row : rows) expect_at_every_split(row);
}

// 10.4: from the header, before a byte of payload was seen.
TEST(SessionTest, SizeIsJudgedFromTheHeader) {
  const std::string too_big = text(std::string(65, 'x')).substr(0, 6);
  EXPECT_EQ(events_of(Session(kSizeMax), {too_big}), Lines{"violation frame_too_big"});
  const std::string sum = first(std::string(32, 'x')) + last(std::string(33, 'x')).substr(0, 6);
  EXPECT_EQ(events_of(Session(kSizeMax), {sum}), Lines{"violation message_too_big"});
}

// 8.1: a huge text fails with its first bad byte, not at its end.
TEST(SessionTest, BadTextFailsEarly) {
  const std::string bad = "\xff" + std::string(1 << 20, 'x');
  Session session(1 << 21);
  Lines lines;
  feed(session, text(bad).substr(0, 14 + 2), lines);
  EXPECT_EQ(lines, Lines{"violation invalid_utf8"});
  EXPECT_EQ(session.buffered_size(), 0u);
}

TEST(SessionTest, LengthBoundaries) {
  for (const std::size_t size : {125u, 126u, 127u, 65535u, 65536u, 65537u}) {
    const std::string payload(size, 'x');
    const std::string wire = text(payload);
    for (const std::size_t cut : {0u, 1u, 2u, 4u, 6u, 8u, 14u, 100u}) {
      const std::string_view view = wire;
      EXPECT_EQ(events_of(Session(1 << 20), {view.substr(0, cut), view.substr(cut)}),
                Lines{"text " + payload});
    }
  }
}

TEST(SessionTest, AMessageInOnePieceIsAViewOfTheInput) {
  Session session(kSizeMax);
  std::string wire = text("Hello") + ping("p");
  Bytes input = std::as_writable_bytes(std::span(wire));
  const Event event = session.next(input);
  EXPECT_EQ(static_cast<void*>(std::get<Message>(event).payload.data()),
            static_cast<void*>(wire.data() + 6));
  EXPECT_EQ(session.buffered_size(), 0u);
}

TEST(SessionTest, BufferGrowsWithBytesReceivedOnly) {
  Session session(std::uint64_t{1} << 40);
  Lines lines;
  feed(session, from_hex("82 FF 000000F000000000 00000000"), lines);  // Announces 960 GiB.
  EXPECT_EQ(session.buffered_size(), 0u);
  feed(session, "abc", lines);
  EXPECT_EQ(session.buffered_size(), 3u);
  EXPECT_EQ(lines, Lines{});
}

TEST(SessionTest, BufferIsEmptyOnceTheMessageIsTaken) {
  Session session(kSizeMax);
  Lines lines;
  feed(session, first("abc"), lines);
  EXPECT_EQ(session.buffered_size(), 3u);
  feed(session, ping("pp").substr(0, 7), lines);
  EXPECT_EQ(session.buffered_size(), 4u);
  feed(session, ping("pp").substr(7), lines);
  EXPECT_EQ(session.buffered_size(), 3u);
  feed(session, last("def"), lines);
  EXPECT_EQ(session.buffered_size(), 0u);
  EXPECT_EQ(lines, (Lines{"ping pp", "text abcdef"}));
}

TEST(SessionTest, ManyTinyFragmentsCostNothingEach) {
  Session session(kSizeMax);
  Lines lines;
  feed(session, first(""), lines);
  std::string fragments;
  for (int i = 0; i < 100000; ++i) fragments += more("");
  feed(session, fragments, lines);
  EXPECT_EQ(session.buffered_size(), 0u);
  feed(session, last("x"), lines);
  EXPECT_EQ(lines, Lines{"text x"});
}

TEST(SessionTest, FinishedOnlyAfterCloseOrViolation) {
  Session session(kSizeMax);
  Lines lines;
  feed(session, text("a") + ping(""), lines);
  EXPECT_FALSE(session.finished());
  feed(session, first("kept"), lines);
  feed(session, close(""), lines);
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(session.buffered_size(), 0u);
  Session failed(kSizeMax);
  feed(failed, from_hex("FF"), lines);
  EXPECT_TRUE(failed.finished());
}

}  // namespace
}  // namespace ws
