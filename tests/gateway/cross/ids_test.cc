#include "gateway/cross/ids.h"

#include <gtest/gtest.h>

namespace {

TEST(Ids, ConnectionIdKeepsItsParts) {
  struct Row {
    cross::ShardIndex shard;
    std::uint32_t generation;
    std::uint32_t slot;
  };
  constexpr Row kRows[] = {
      {0, 0, 0}, {255, 0xFFFFFF, 0xFFFFFFFF}, {3, 1, 0x80000000}, {7, 0xABCDEF, 1}};
  for (const Row& row : kRows) {
    const auto id = cross::ConnectionId::make(row.shard, row.generation, row.slot);
    EXPECT_EQ(id.shard(), row.shard);
    EXPECT_EQ(id.generation(), row.generation);
    EXPECT_EQ(id.slot(), row.slot);
    EXPECT_EQ(cross::parse_connection_id(cross::to_string(id)), id);
  }
  // A generation has 24 bits and never reaches into the shard.
  EXPECT_EQ(cross::ConnectionId::make(1, 0x1000002, 9), cross::ConnectionId::make(1, 2, 9));
}

TEST(Ids, TextIs24LowerCaseHexadecimalDigits) {
  const std::string text = cross::to_string(cross::MessageId{0x0123456789ABCDEF});
  EXPECT_EQ(text.size(), 24U);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(text.substr(8), "0123456789abcdef");
  EXPECT_EQ(cross::parse_message_id(text), cross::MessageId{0x0123456789ABCDEF});
}

TEST(Ids, AnotherIncarnationIsRefused) {
  std::string text = cross::to_string(cross::ConnectionId{42});
  for (std::size_t i = 0; i < 8; ++i) {
    std::string foreign = text;
    foreign[i] = foreign[i] == '0' ? '1' : '0';
    EXPECT_FALSE(cross::parse_connection_id(foreign)) << foreign;
    EXPECT_FALSE(cross::parse_message_id(foreign)) << foreign;
  }
}

TEST(Ids, GarbageIsRefused) {
  const std::string good = cross::to_string(cross::ConnectionId{42});
  EXPECT_FALSE(cross::parse_connection_id(""));
  EXPECT_FALSE(cross::parse_connection_id(good.substr(1)));
  EXPECT_FALSE(cross::parse_connection_id(good + "0"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'g', ' ', '-', '+', 'x', '\0', '\xff'}) {
      std::string bad = good;
      bad[i] = c;
      EXPECT_FALSE(cross::parse_connection_id(bad)) << bad;
    }
  }
}

}  // namespace
