#include "bench/load/stamp.h"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(Stamp, RoundTrip) {
  std::string payload = make_payload(64);
  for (const Stamp& stamp :
       {Stamp{}, Stamp{.stream = 0xFFFF, .sequence = 0xFFFF'FFFF'FFFF, .due_ns = INT64_MAX},
        Stamp{.stream = 1, .sequence = 123'456'789, .due_ns = 987'654'321'012'345}}) {
    write_stamp(payload, stamp);
    const auto read = read_stamp(payload);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->stream, stamp.stream);
    EXPECT_EQ(read->sequence, stamp.sequence);
    EXPECT_EQ(read->due_ns, stamp.due_ns);
  }
}

TEST(Stamp, PayloadHasTheSizeAskedForButHoldsAtLeastTheStamp) {
  EXPECT_EQ(make_payload(0).size(), kStampSize);
  EXPECT_EQ(make_payload(kStampSize).size(), kStampSize);
  EXPECT_EQ(make_payload(65'536).size(), 65'536u);
}

TEST(Stamp, OtherMessagesAreNotTakenForOurs) {
  const std::string stamped = make_payload(64);
  EXPECT_FALSE(read_stamp("").has_value());
  EXPECT_FALSE(read_stamp("heartbeat").has_value());
  EXPECT_FALSE(read_stamp(stamped.substr(0, kStampSize - 1)).has_value());
  EXPECT_FALSE(read_stamp(std::string(64, 'x')).has_value());
  for (std::size_t i = 0; i < kStampSize; ++i) {
    std::string damaged = stamped;
    damaged[i] = 'G';
    EXPECT_FALSE(read_stamp(damaged).has_value()) << i;
  }
}

TEST(Stamp, FillerShowsDamageButNotTheStamp) {
  const std::string original = make_payload(64);
  std::string payload = original;
  write_stamp(payload, {.stream = 1, .sequence = 2, .due_ns = 3});
  EXPECT_TRUE(is_filler_intact(payload, original));
  for (std::size_t i = kStampSize; i < payload.size(); ++i) {
    std::string damaged = payload;
    damaged[i] = '!';
    EXPECT_FALSE(is_filler_intact(damaged, original)) << i;
  }
  EXPECT_FALSE(is_filler_intact(payload.substr(0, 63), original));
  EXPECT_FALSE(is_filler_intact(payload + "x", original));
}

TEST(Stamp, NeedsNoEscapes) {
  for (const char c : make_payload(500)) {
    EXPECT_TRUE((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '~') << c;
  }
}

}  // namespace
}  // namespace load
