// A session that is saved and loaded between any two bytes goes on as if nothing had happened.
#include <gtest/gtest.h>

#include "proto/ws/session.h"
#include "tests/proto/support/client_frames.h"
#include "tests/proto/support/hex.h"
#include "tests/proto/support/session_events.h"

namespace ws {
namespace {

using testing_support::client_frame;
using testing_support::close_payload;
using testing_support::events_of;
using testing_support::feed;
using testing_support::from_hex;
using testing_support::Lines;

std::string conversation() {
  const auto frame = [](Opcode opcode, std::string_view payload, bool fin) {
    return client_frame(opcode, payload, {.fin = fin});
  };
  return frame(Opcode::kText, "plain", true) + frame(Opcode::kText, "ab\xe2", false) +
         frame(Opcode::kPing, "ping", true) + frame(Opcode::kContinuation, "\x82", false) +
         frame(Opcode::kContinuation, "\xac!", true) +
         frame(Opcode::kBinary, std::string(200, '\xff'), true) +
         frame(Opcode::kBinary, "", false) + frame(Opcode::kPong, "", true) +
         frame(Opcode::kContinuation, "", true);
}

std::optional<Session> reload(const Session& session) {
  std::string record;
  session.save(record);
  record += "what follows";
  std::string_view from = record;
  auto loaded = Session::load(from);
  EXPECT_EQ(from, "what follows");
  return loaded;
}

void expect_same_after_reload_at_every_split(const std::string& wire) {
  const Lines expected = events_of(Session(1000), {wire});
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    Lines lines;
    Session before(1000);
    feed(before, std::string_view(wire).substr(0, cut), lines);
    auto after = reload(before);
    ASSERT_TRUE(after) << cut;
    EXPECT_EQ(after->buffered_size(), before.buffered_size()) << cut;
    EXPECT_EQ(after->finished(), before.finished()) << cut;
    feed(*after, std::string_view(wire).substr(cut), lines);
    ASSERT_EQ(lines, expected) << cut;
  }
}

TEST(SessionRecordTest, RoundTripsAtEverySplit) {
  expect_same_after_reload_at_every_split(conversation());
}

TEST(SessionRecordTest, RoundTripsUpToAClose) {
  expect_same_after_reload_at_every_split(
      conversation() + client_frame(Opcode::kText, "half", {.fin = false}) +
      client_frame(Opcode::kClose, close_payload(1001, "bye")) + "garbage");
}

TEST(SessionRecordTest, RoundTripsUpToAViolation) {
  for (const char* bad : {"F1", "81 00", "80 80 00000000", "81 81 00000000 FF 01 02",
                          "81 83 00000000 E2 82 41", "82 FE 8000"}) {
    expect_same_after_reload_at_every_split(conversation() + from_hex(bad) + "garbage");
  }
}

TEST(SessionRecordTest, SavingAfterEveryByteChangesNothing) {
  const std::string wire = conversation();
  Session session(1000);
  Lines lines;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    feed(session, std::string_view(wire).substr(i, 1), lines);
    session = *reload(session);
  }
  EXPECT_EQ(lines, events_of(Session(1000), {wire}));
}

// While a finished message is still looked at, its bytes are no part of the state.
TEST(SessionRecordTest, ATakenMessageIsNotSaved) {
  Session session(1000);
  Lines lines;
  feed(session, client_frame(Opcode::kText, "abc", {.fin = false}), lines);
  std::string rest = client_frame(Opcode::kContinuation, "def");
  Bytes input = std::as_writable_bytes(std::span(rest));
  const Event event = session.next(input);
  ASSERT_TRUE(std::holds_alternative<Message>(event));
  std::string record;
  session.save(record);
  std::string_view from = record;
  const auto loaded = Session::load(from);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->buffered_size(), 0u);
  EXPECT_EQ(testing_support::line_of(event), "text abcdef");
}

TEST(SessionRecordTest, ShortRecordsAreRefused) {
  const std::string wire = conversation();
  for (std::size_t cut = 0; cut <= wire.size(); cut += 3) {
    Session session(1000);
    Lines lines;
    feed(session, std::string_view(wire).substr(0, cut), lines);
    std::string record;
    session.save(record);
    for (std::size_t size = 0; size < record.size(); ++size) {
      std::string_view from = std::string_view(record).substr(0, size);
      EXPECT_FALSE(Session::load(from)) << cut << ", " << size;
    }
  }
}

// A damaged record is refused, or gives a session that keeps its bounds: it never crashes.
TEST(SessionRecordTest, DamagedRecordsDoNoHarm) {
  const std::string wire = conversation();
  int refused = 0;
  for (std::size_t cut = 0; cut <= wire.size(); cut += 7) {
    Session session(1000);
    Lines lines;
    feed(session, std::string_view(wire).substr(0, cut), lines);
    std::string record;
    session.save(record);
    for (std::size_t at = 0; at < record.size(); ++at) {
      for (const int flip : {0x01, 0x02, 0x80, 0xff}) {
        std::string damaged = record;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        std::string_view from = damaged;
        auto loaded = Session::load(from);
        refused += loaded ? 0 : 1;
        if (loaded) feed(*loaded, wire, lines);
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(SessionRecordTest, AnotherVersionIsRefused) {
  std::string record;
  Session(1000).save(record);
  record[0] = static_cast<char>(record[0] + 1);
  std::string_view from = record;
  EXPECT_FALSE(Session::load(from));
}

}  // namespace
}  // namespace ws
