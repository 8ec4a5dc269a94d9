#include "gateway/tls/records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "tests/gateway/tls/record_peer.h"

namespace {

using testing_support::from_hex;
using testing_support::Outcome;
using testing_support::RecordPeer;
using testing_support::secret_from_hex;
using testing_support::Type;

constexpr std::uint32_t kSuites[] = {0x1301, 0x1302, 0x1303};

// RFC 8448 section 3.
tls::TrafficSecrets example_secrets() {
  return {
      .suite = tls::find_cipher_suite(0x1301),
      .client = secret_from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"),
      .server = secret_from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"),
      .sent = 1,  // A ticket.
  };
}

std::vector<std::byte> fifty_bytes() {
  std::vector<std::byte> bytes(50);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

TEST(Records, ReadsTheExampleOfRfc8448) {
  tls::Records records(example_secrets());
  Outcome outcome;
  outcome.add(records, from_hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b"
                                "9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aee"
                                "bb21694915e4"));
  EXPECT_EQ(outcome.plain, fifty_bytes());
  outcome.add(records, from_hex("1703030013c9872760655666b74d7ff1153efd6db6d0b0e3"));
  EXPECT_TRUE(outcome.ended);
  EXPECT_TRUE(outcome.answers.empty());
}

TEST(Records, WritesTheExampleOfRfc8448) {
  tls::Records records(example_secrets());
  std::vector<std::byte> cipher;
  records.encrypt(fifty_bytes(), cipher);
  records.close(cipher);
  records.close(cipher);
  EXPECT_EQ(cipher, from_hex("17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30ef"
                             "af97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167"
                             "c2955d"
                             "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9"));
}

TEST(Records, TalkBothWaysInEverySuite) {
  for (const std::uint32_t suite : kSuites) {
    RecordPeer peer(suite);
    tls::Records records = peer.make_records();
    Outcome outcome;
    std::string all;
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 1'000U, 16'384U}) {
      const std::string text(size, 'a');
      all += text;
      outcome.add(records, peer.seal(Type::kData, text));
      std::vector<std::byte> cipher;
      records.encrypt(dunlin::as_bytes(text), cipher);
      EXPECT_EQ(peer.open(cipher), text);
    }
    EXPECT_EQ(dunlin::as_string_view(outcome.plain), all);
    EXPECT_EQ(outcome.failure, "");
  }
}

TEST(Records, PaddingIsTakenOff) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  for (const std::size_t padding : {0U, 1U, 255U, 16'379U}) {
    outcome.add(records, peer.seal(Type::kData, "hello", padding));
  }
  EXPECT_EQ(dunlin::as_string_view(outcome.plain), "hellohellohellohello");
}

// RFC 6066 section 4.
TEST(Records, AreAsSmallAsThePeerWants) {
  RecordPeer peer;
  peer.record_max = 512;
  tls::Records records = peer.make_records();
  const std::string text(1'300, 'a');
  std::vector<std::byte> cipher;
  records.encrypt(dunlin::as_bytes(text), cipher);
  EXPECT_EQ(cipher.size(), text.size() + 3U * (5 + 1 + 16));
  EXPECT_EQ(peer.open(cipher), text);
  Outcome outcome;
  outcome.add(records, peer.seal(Type::kData, text.substr(0, 512), 100));
  EXPECT_EQ(outcome.plain.size(), 512U);
  outcome.add(records, peer.seal(Type::kData, text.substr(0, 513)));  // It is held to its wish.
  EXPECT_EQ(outcome.plain.size(), 512U);
  EXPECT_EQ(peer.open_alert(outcome.answers), 22);
}

struct Fault {
  const char* name;
  std::vector<std::byte> (*input)(RecordPeer& peer);
  int alert;  // What the peer is told; 0: nothing.
};

std::vector<std::byte> bare(std::string_view hex) { return from_hex(hex); }

constexpr Fault kFaults[] = {
    {"Unencrypted alert", [](RecordPeer&) { return bare("15030300020100"); }, 10},
    {"Change cipher spec", [](RecordPeer&) { return bare("140303000101"); }, 10},
    {"Unencrypted handshake", [](RecordPeer&) { return bare("16030300050100000100"); }, 10},
    {"Too long", [](RecordPeer&) { return bare("1703034012"); }, 22},
    {"Far too long", [](RecordPeer&) { return bare("170303ffff"); }, 22},
    {"Too short", [](RecordPeer&) { return bare("1703030010"); }, 50},
    {"Empty", [](RecordPeer&) { return bare("1703030000"); }, 50},
    {"Not sealed", [](RecordPeer&) { return bare("1703030011" + std::string(34, '0')); }, 20},
    {"A record twice",
     [](RecordPeer& peer) {
       auto twice = peer.seal(Type::kData, "a");
       twice.insert(twice.end(), twice.begin(), twice.begin() + 23);
       return twice;
     },
     20},
    {"A record left out",
     [](RecordPeer& peer) {
       static_cast<void>(peer.seal(Type::kData, "a"));
       return peer.seal(Type::kData, "b");
     },
     20},
    {"Nothing but padding", [](RecordPeer& peer) { return peer.seal(Type{0}, "", 10); }, 10},
    {"Unknown type", [](RecordPeer& peer) { return peer.seal(Type{24}, "a"); }, 10},
    {"Change cipher spec inside", [](RecordPeer& peer) { return peer.seal(Type{20}, "\1"); }, 10},
    {"Empty alert", [](RecordPeer& peer) { return peer.seal(Type::kAlert, "", 1); }, 10},
    {"Short alert", [](RecordPeer& peer) { return peer.seal(Type::kAlert, "\1"); }, 50},
    {"Two alerts", [](RecordPeer& peer) { return peer.seal(Type::kAlert, "\1\1\1\1"); }, 50},
    {"Fatal alert", [](RecordPeer& peer) { return peer.seal(Type::kAlert, "\2\x28"); }, 0},
    {"Warning that is an error", [](RecordPeer& peer) { return peer.seal(Type::kAlert, "\1\x14"); },
     0},
    {"Empty handshake", [](RecordPeer& peer) { return peer.seal(Type::kHandshake, ""); }, 10},
    {"Client hello", [](RecordPeer& peer) { return peer.seal(Type::kHandshake, "\1"); }, 10},
    {"Certificate", [](RecordPeer& peer) { return peer.seal(Type::kHandshake, "\13"); }, 10},
    {"Key update of a wrong length",
     [](RecordPeer& peer) {
       return peer.seal(Type::kHandshake, std::string_view("\x18\0\0\2\0\0", 5));
     },
     50},
    {"Key update of a wrong value",
     [](RecordPeer& peer) {
       return peer.seal(Type::kHandshake, std::string_view("\x18\0\0\1\2", 5));
     },
     47},
    {"Data behind a key update",
     [](RecordPeer& peer) {
       return peer.seal(Type::kHandshake, std::string_view("\x18\0\0\1\0\x18\0\0\1\0", 10));
     },
     10},
    {"Data within a key update",
     [](RecordPeer& peer) {
       auto input = peer.seal(Type::kHandshake, std::string_view("\x18\0", 2));
       const auto data = peer.seal(Type::kData, "a");
       input.insert(input.end(), data.begin(), data.end());
       return input;
     },
     10},
    {"The old key after a key update",
     [](RecordPeer& peer) {
       const tls::TrafficSecrets before = peer.secrets;
       auto input = peer.key_update(false);
       tls::TrafficKey old(*before.suite, before.client, 1);
       const auto data = testing_support::seal_with(old, Type::kData, "a");
       input.insert(input.end(), data.begin(), data.end());
       return input;
     },
     20},
};

TEST(Records, EachFaultHasItsAlert) {
  for (const Fault& fault : kFaults) {
    RecordPeer peer;
    tls::Records records = peer.make_records();
    Outcome outcome;
    outcome.add(records, fault.input(peer));
    EXPECT_NE(outcome.failure, "") << fault.name;
    EXPECT_EQ(peer.open_alert(outcome.answers), fault.alert) << fault.name;
  }
}

TEST(Records, EmptyRecordsAreBounded) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < tls::Records::kEmptyRecordsMax; ++i) {
      outcome.add(records, peer.seal(Type::kData, "", i));
    }
    outcome.add(records, peer.seal(Type::kData, "a"));
  }
  EXPECT_EQ(outcome.failure, "");
  for (std::uint32_t i = 0; i <= tls::Records::kEmptyRecordsMax; ++i) {
    EXPECT_EQ(outcome.failure, "");
    outcome.add(records, peer.seal(Type::kData, ""));
  }
  EXPECT_EQ(outcome.failure, "too many empty records");
}

// They would keep a connection alive, and us busy, without a byte that any limit counts.
TEST(Records, AlertsThatSayNothingAreBounded) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  for (std::uint32_t i = 0; i <= tls::Records::kEmptyRecordsMax; ++i) {
    EXPECT_EQ(outcome.failure, "");
    const bool alert = i % 2 == 0;
    outcome.add(records, peer.seal(alert ? Type::kAlert : Type::kData, alert ? "\1\x5a" : ""));
  }
  EXPECT_EQ(outcome.failure, "too many empty records");
}

TEST(Records, AUserThatCanceledIsNoFault) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  outcome.add(records, peer.seal(Type::kAlert, "\1\x5a"));
  EXPECT_EQ(outcome.failure, "");
  EXPECT_FALSE(outcome.ended);
  outcome.add(records, peer.seal(Type::kAlert, std::string_view("\1\0", 2)));
  EXPECT_TRUE(outcome.ended);
}

TEST(Records, AKeyUpdateIsAnsweredOnceAndBothKeysAreNew) {
  for (const std::uint32_t suite : kSuites) {
    RecordPeer peer(suite);
    tls::Records records = peer.make_records();
    Outcome outcome;
    outcome.add(records, peer.key_update(false));
    EXPECT_TRUE(outcome.answers.empty());
    std::vector<std::byte> input;
    for (int i = 0; i < 3; ++i) {
      const auto update = peer.key_update(true);
      input.insert(input.end(), update.begin(), update.end());
    }
    outcome.add(records, input);
    EXPECT_TRUE(peer.open_key_update(outcome.answers));
    outcome.add(records, peer.seal(Type::kData, "hello"));
    EXPECT_EQ(dunlin::as_string_view(outcome.plain), "hello");
    std::vector<std::byte> cipher;
    records.encrypt(dunlin::as_bytes("there"), cipher);
    EXPECT_EQ(peer.open(cipher), "there");
  }
}

TEST(Records, AKeyUpdateMayComeInParts) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  for (const char part : std::string_view("\x18\0\0\1\0", 5)) {
    outcome.add(records, peer.seal(Type::kHandshake, std::string_view(&part, 1)));
  }
  peer.renew_client_key();
  outcome.add(records, peer.seal(Type::kData, "hello"));
  EXPECT_EQ(dunlin::as_string_view(outcome.plain), "hello");
}

TEST(Records, AWornKeyIsRenewed) {
  RecordPeer peer;
  peer.secrets.sent = tls::Records::kRecordsPerKey - 1;
  tls::Records records = peer.make_records();
  std::vector<std::byte> cipher;
  records.renew_key_if_worn(cipher);
  EXPECT_TRUE(cipher.empty());
  records.encrypt(dunlin::as_bytes("old"), cipher);
  EXPECT_EQ(peer.open(cipher), "old");
  cipher.clear();
  records.renew_key_if_worn(cipher);
  EXPECT_TRUE(peer.open_key_update(cipher));
  cipher.clear();
  records.renew_key_if_worn(cipher);
  records.encrypt(dunlin::as_bytes("new"), cipher);
  EXPECT_EQ(peer.open(cipher), "new");
}

TEST(Records, NothingFollowsTheEnd) {
  RecordPeer peer;
  peer.secrets.sent = tls::Records::kRecordsPerKey;
  tls::Records records = peer.make_records();
  std::vector<std::byte> cipher;
  records.close(cipher);
  EXPECT_TRUE(records.closed());
  EXPECT_EQ(peer.open_alert(cipher), RecordPeer::kCloseNotify);
  cipher.clear();
  records.renew_key_if_worn(cipher);
  EXPECT_TRUE(cipher.empty());
  Outcome outcome;
  outcome.add(records, peer.key_update(true));
  outcome.add(records, peer.seal(Type::kData, "still heard"));
  EXPECT_EQ(dunlin::as_string_view(outcome.plain), "still heard");
  outcome.add(records, bare("15030300020100"));
  EXPECT_NE(outcome.failure, "");
  EXPECT_TRUE(outcome.answers.empty());
}

TEST(Records, MemoryIsHeldOnlyWhileARecordIsIncompleteAndForWhatHasCome) {
  RecordPeer peer;
  tls::Records records = peer.make_records();
  Outcome outcome;
  const auto record = peer.seal(Type::kData, std::string(16'384, 'a'));
  outcome.add(records, std::span(record).first(3));
  EXPECT_LE(records.memory(), 5U);
  outcome.add(records, std::span(record).subspan(3, 2));
  EXPECT_LE(records.memory(), 10U);  // The header alone announces 17 KB.
  outcome.add(records, std::span(record).subspan(5, 98));
  EXPECT_LE(records.memory(), 206U);
  outcome.add(records, std::span(record).subspan(103, 10'000));
  EXPECT_LE(records.memory(), record.size());
  outcome.add(records, std::span(record).subspan(10'103));
  EXPECT_EQ(records.memory(), 0U);
  outcome.add(records, peer.seal(Type::kData, "whole"));
  EXPECT_EQ(records.memory(), 0U);
  EXPECT_EQ(outcome.plain.size(), 16'384U + 5);
}

// The same bytes, cut in any way.
TEST(Records, TheCutOfTheBytesChangesNothing) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    RecordPeer peer(kSuites[static_cast<std::size_t>(round) % 3]);
    tls::Records whole = peer.make_records();
    tls::Records in_parts = peer.make_records();
    std::vector<std::byte> input;
    for (int i = 0; i < 20; ++i) {
      const std::string text(random() % (random() % 4 == 0 ? 16'384 : 40), 'a');
      const auto record = random() % 8 == 0 ? peer.key_update(random() % 2 == 0)
                                            : peer.seal(Type::kData, text, random() % 3);
      input.insert(input.end(), record.begin(), record.end());
    }
    if (round % 4 == 0) input[random() % input.size()] ^= std::byte{1};
    Outcome expected;
    expected.add(whole, input);
    Outcome outcome;
    for (std::size_t at = 0; at < input.size() && outcome.failure.empty();) {
      const std::size_t step = round % 2 == 0 ? 1 + random() % 30 : 1 + random() % 20'000;
      const auto part = std::span(input).subspan(at, std::min(step, input.size() - at));
      outcome.add(in_parts, part);
      at += part.size();
    }
    EXPECT_EQ(outcome.plain, expected.plain);
    EXPECT_EQ(outcome.failure, expected.failure);
    EXPECT_EQ(outcome.ended, expected.ended);
  }
}

}  // namespace
