// Sessions that agreed to permessage-deflate (RFC 7692).
#include <gtest/gtest.h>

#include <string>

#include "proto/ws/session.h"
#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/hex.h"
#include "tests/proto/support/session_events.h"
#include "tests/proto/support/zlib_peer.h"

namespace ws {
namespace {

using testing_support::Chunks;
using testing_support::client_frame;
using testing_support::events_of;
using testing_support::feed;
using testing_support::for_each_split;
using testing_support::from_hex;
using testing_support::Lines;
using testing_support::PeerDeflater;

constexpr std::uint64_t kSizeMax = 64;
constexpr InboundDeflate kNoTakeover{};
constexpr InboundDeflate kTakeover{.context_takeover = true, .window_bits = 9};

std::string deflated(std::string_view text) { return PeerDeflater().message(text); }

std::string whole(std::string_view payload, Opcode opcode = Opcode::kText) {
  return client_frame(opcode, payload, {.rsv1 = true});
}
std::string first(std::string_view payload, Opcode opcode = Opcode::kText) {
  return client_frame(opcode, payload, {.fin = false, .rsv1 = true});
}
std::string more(std::string_view payload) {
  return client_frame(Opcode::kContinuation, payload, {.fin = false});
}
std::string last(std::string_view payload) { return client_frame(Opcode::kContinuation, payload); }

struct Row {
  std::string rule;
  std::string wire;
  Lines expected;
};

std::vector<Row> rows() {
  const std::string hello = from_hex("f2 48 cd c9 c9 07 00");
  const std::string euro = deflated("1 \xe2\x82\xac");
  const std::string bad = deflated("\xe2\x82");
  const std::string ping = client_frame(Opcode::kPing, "p");
  return {
      {"7692 7.2.3.1", whole(hello), {"text Hello"}},
      {"binary", whole(hello, Opcode::kBinary), {"binary Hello"}},
      {"6.1 in fragments",
       first(hello.substr(0, 3)) + more("") + last(hello.substr(3)),
       {"text Hello"}},
      {"a fragment that ends inside a character",
       first(euro.substr(0, 4)) + last(euro.substr(4)),
       {"text 1 \xe2\x82\xac"}},
      {"control frames in between",
       first(hello.substr(0, 3)) + ping + last(hello.substr(3)) + ping,
       {"ping p", "text Hello", "ping p"}},
      {"6.1 each message says for itself",
       whole(hello) + client_frame(Opcode::kText, "plain") + whole(hello),
       {"text Hello", "text plain", "text Hello"}},
      {"plain ones in fragments",
       client_frame(Opcode::kText, "\xe2\x82", {.fin = false}) + last("\xac"),
       {"text \xe2\x82\xac"}},
      {"7.2.3.6 empty", whole(from_hex("00")), {"text "}},
      {"empty, and nothing in it", whole(""), {"text "}},
      {"empty fragments", first("") + more("") + last(""), {"text "}},
      {"7.2.3.4 BFINAL", whole(from_hex("f3 48 cd c9 c9 07 00 00")), {"text Hello"}},

      {"8.1 invalid text", whole(bad), {"violation invalid_utf8"}},
      {"what is no text may be anything", whole(bad, Opcode::kBinary), {"binary \xe2\x82"}},
      {"what is compressed need not be UTF-8",
       whole(deflated(std::string(40, 'x'))),
       {"text " + std::string(40, 'x')}},
      {"corrupt", whole(from_hex("06")), {"violation deflate_corrupt"}},
      {"nothing after a violation",
       whole(from_hex("06")) + whole(hello),
       {"violation deflate_corrupt"}},
      {"as long as it may be",
       whole(deflated(std::string(kSizeMax, 'x'))),
       {"text " + std::string(kSizeMax, 'x')}},
      {"one more", whole(deflated(std::string(kSizeMax + 1, 'x'))), {"violation inflated_too_big"}},
      {"6.1 RSV1 on a continuation",
       first(hello.substr(0, 3)) +
           client_frame(Opcode::kContinuation, hello.substr(3), {.rsv1 = true}),
       {"violation reserved_bit"}},
      {"6.1 RSV1 on a control frame",
       client_frame(Opcode::kPing, "", {.rsv1 = true}),
       {"violation reserved_bit"}},
      {"RSV2 means nothing", from_hex("A1 80 00000000"), {"violation reserved_bit"}},
      {"a plain frame has the plain limit", from_hex("81 C1"), {"violation frame_too_big"}},
      {"plain fragments, too",
       client_frame(Opcode::kBinary, "x", {.fin = false}) + last(std::string(kSizeMax, 'x')),
       {"violation message_too_big"}},
  };
}

TEST(SessionDeflateTest, MessagesAtEverySplit) {
  for (const InboundDeflate& deflate : {kNoTakeover, kTakeover}) {
    for (const Row& row : rows()) {
      for_each_split(row.wire, [&](const Chunks& chunks) {
        ASSERT_EQ(events_of(Session(kSizeMax, deflate), chunks), row.expected)
            << row.rule << ": " << testing_support::describe(chunks);
      });
    }
  }
}

// 5.2: RSV1 means nothing where it was not agreed to.
TEST(SessionDeflateTest, WithoutAnAgreementRsv1IsAViolation) {
  EXPECT_EQ(events_of(Session(kSizeMax), {whole(from_hex("f2 48 cd c9 c9 07 00"))}),
            Lines{"violation reserved_bit"});
  EXPECT_FALSE(Session(kSizeMax).inflates());
  EXPECT_TRUE(Session(kSizeMax, kNoTakeover).inflates());
}

// Bytes that do not compress become more; the limit is about what was said.
TEST(SessionDeflateTest, TheCompressedFormMayBeLargerThanTheLimit) {
  std::string text;
  for (std::uint64_t i = 0; i < kSizeMax; ++i) text += static_cast<char>(i * 37);
  // Nine bits for eight: fixed codes, which no sender is forced to do better than.
  PeerDeflater peer({.strategy = Z_FIXED});
  const std::string message = peer.message(text);
  ASSERT_GT(message.size(), text.size());
  EXPECT_EQ(events_of(Session(kSizeMax, kNoTakeover), {whole(message, Opcode::kBinary)}),
            Lines{"binary " + text});
  const std::uint64_t size_max = compressed_size_max(kSizeMax);
  EXPECT_EQ(events_of(Session(kSizeMax, kNoTakeover), {first(std::string(size_max, '\0'))}),
            Lines{});
  EXPECT_EQ(events_of(Session(kSizeMax, kNoTakeover), {first(std::string(size_max + 1, '\0'))}),
            Lines{"violation frame_too_big"});
  EXPECT_EQ(
      events_of(Session(kSizeMax, kNoTakeover), {first(std::string(size_max, '\0')), more("x")}),
      Lines{"violation message_too_big"});
}

TEST(SessionDeflateTest, UnfinishedMessagesHoldWhatWasReceived) {
  Session session(1'000, kNoTakeover);
  Lines lines;
  const std::string message = deflated(std::string(1'000, 'x'));
  feed(session, first(message.substr(0, 5)), lines);
  EXPECT_EQ(session.buffered_size(), 5U);
  feed(session, last(message.substr(5)), lines);
  EXPECT_EQ(lines, Lines{"text " + std::string(1'000, 'x')});
  feed(session, "", lines);
  EXPECT_EQ(session.buffered_size(), 0U);
}

// Messages that refer to each other, fragments, a plain one and a ping, saved and loaded anywhere.
TEST(SessionDeflateTest, RoundTripsAtEverySplitWithItsWindow) {
  PeerDeflater peer({.bits = 9});
  const std::string text = "once upon a time there was a text that came again and again";
  std::string wire;
  Lines expected;
  for (int i = 0; i < 12; ++i) {
    const std::string message = peer.message(text);
    EXPECT_LT(message.size(), i == 0 ? 100U : 12U);
    wire += i % 2 == 0 ? whole(message)
                       : first(message.substr(0, 2)) + client_frame(Opcode::kPing, "") +
                             last(message.substr(2));
    if (i % 2 == 1) expected.push_back("ping ");
    expected.push_back("text " + text);
  }
  wire += client_frame(Opcode::kText, "plain");
  expected.push_back("text plain");
  EXPECT_EQ(events_of(Session(kSizeMax, kTakeover), {wire}), expected);

  Session session(kSizeMax, kTakeover);
  Lines lines;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    feed(session, std::string_view(wire).substr(i, 1), lines);
    std::string record;
    session.save(record);
    std::string_view from = record;
    auto loaded = Session::load(from);
    if (!loaded || !from.empty()) FAIL() << i;
    session = std::move(*loaded);
    ASSERT_TRUE(session.inflates());
    for (std::size_t size = record.size() - 3; size < record.size(); ++size) {
      std::string_view cut = std::string_view(record).substr(0, size);
      ASSERT_FALSE(Session::load(cut)) << size;
    }
  }
  EXPECT_EQ(lines, expected);
}

TEST(SessionDeflateTest, DamagedRecordsDoNoHarm) {
  PeerDeflater peer({.bits = 9});
  Session session(kSizeMax, kTakeover);
  Lines lines;
  feed(session, whole(peer.message("a text that is remembered")) + first("half"), lines);
  std::string record;
  session.save(record);
  for (std::size_t at = 0; at < record.size(); ++at) {
    for (const int flip : {0x01, 0x02, 0x08, 0x80, 0xff}) {
      std::string damaged = record;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      std::string_view from = damaged;
      auto loaded = Session::load(from);
      if (loaded) feed(*loaded, last("") + whole(from_hex("f2 48 cd c9 c9 07 00")), lines);
    }
  }
}

}  // namespace
}  // namespace ws
