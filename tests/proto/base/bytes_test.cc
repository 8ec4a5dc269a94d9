#include "proto/base/bytes.h"

#include <gtest/gtest.h>

#include <array>

#include "proto/base/record.h"

namespace dunlin {
namespace {

TEST(BytesTest, BigEndianIntegersRoundTripAtEveryAlignment) {
  for (std::size_t offset = 0; offset < 8; ++offset) {
    std::array<std::byte, 24> bytes{};
    store_big_endian(bytes.data() + offset, std::uint64_t{0x0123456789abcdef});
    EXPECT_EQ(bytes[offset], std::byte{0x01});
    EXPECT_EQ(bytes[offset + 7], std::byte{0xef});
    EXPECT_EQ(load_big_endian<std::uint64_t>(bytes.data() + offset), 0x0123456789abcdefu);
    EXPECT_EQ(load_big_endian<std::uint32_t>(bytes.data() + offset), 0x01234567u);
    EXPECT_EQ(load_big_endian<std::uint16_t>(bytes.data() + offset), 0x0123u);
    EXPECT_EQ(load_big_endian<std::uint8_t>(bytes.data() + offset), 0x01u);
  }
}

TEST(BytesTest, TakeFrontMovesTheFront) {
  std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  Bytes rest = bytes;
  EXPECT_EQ(take_front(rest, 2).size(), 2u);
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest.front(), std::byte{3});
}

TEST(BytesTest, TextIsBytesAndBack) {
  EXPECT_EQ(as_string_view(as_bytes("a\xff")), "a\xff");
  EXPECT_TRUE(as_bytes("").empty());
}

TEST(RecordTest, RoundTripsAndReportsShortage) {
  std::string record;
  append_integer(record, std::uint16_t{7});
  append_integer(record, std::uint64_t{1} << 40);
  record += "rest";
  std::string_view from = record;
  RecordReader reader(from);
  EXPECT_EQ(reader.take_integer<std::uint16_t>(), 7u);
  EXPECT_EQ(reader.take_integer<std::uint64_t>(), std::uint64_t{1} << 40);
  EXPECT_EQ(reader.take_bytes(4), "rest");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.take_integer<std::uint8_t>(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.take_bytes(0), "");
  EXPECT_FALSE(reader.ok());
}

TEST(RecordTest, ASizeThatCouldWrapIsAShortage) {
  std::string_view from = "abc";
  RecordReader reader(from);
  EXPECT_EQ(reader.take_bytes(~std::uint64_t{0}), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace dunlin
