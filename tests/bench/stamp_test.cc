#include "bench/load/stamp.h"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(Stamp, RoundTrip) {
  std::string bytes(kStampSize, ' ');
  for (const Stamp& stamp :
       {Stamp{}, Stamp{.stream = 0xFFFF, .sequence = 0xFFFF'FFFF'FFFF, .due_ns = INT64_MAX},
        Stamp{.stream = 1, .sequence = 123'456'789, .due_ns = 987'654'321'012'345}}) {
    write_stamp(bytes, stamp);
    const auto read = read_stamp(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->stream, stamp.stream);
    EXPECT_EQ(read->sequence, stamp.sequence);
    EXPECT_EQ(read->due_ns, stamp.due_ns);
  }
}

TEST(Stamp, OtherMessagesAreNotTakenForOurs) {
  std::string stamped(kStampSize, ' ');
  write_stamp(stamped, {});
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

}  // namespace
}  // namespace load
