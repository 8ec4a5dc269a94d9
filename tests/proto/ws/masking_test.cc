#include "proto/ws/masking.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ws {
namespace {

constexpr std::array<std::byte, 4> kKeyBytes = {std::byte{0x12}, std::byte{0x34}, std::byte{0x56},
                                                std::byte{0x78}};

std::vector<std::byte> random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
  return bytes;
}

TEST(MaskingTest, PlainDoesWhatTheRfcSays) {
  auto bytes = random_bytes(11, 1);
  const auto before = bytes;
  unmask_plain(bytes, MaskingKey(kKeyBytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], before[i] ^ kKeyBytes[i % 4]);
}

TEST(MaskingTest, FastEqualsPlainAtEveryOffsetAndSize) {
  for (std::size_t offset = 0; offset < 33; ++offset) {
    for (std::size_t size = 0; size <= 100; ++size) {
      // Bytes around the span must stay as they are.
      auto fast = random_bytes(offset + size + 40, static_cast<std::uint32_t>(size));
      auto plain = fast;
      unmask(dunlin::Bytes(fast).subspan(offset, size), MaskingKey(kKeyBytes));
      unmask_plain(dunlin::Bytes(plain).subspan(offset, size), MaskingKey(kKeyBytes));
      ASSERT_EQ(fast, plain) << "offset " << offset << ", size " << size;
    }
  }
}

TEST(MaskingTest, TouchesNothingOutsideAnExactBlock) {
  for (std::size_t size = 0; size <= 300; ++size) {
    auto block = random_bytes(size, 7);
    block.shrink_to_fit();
    const auto before = block;
    unmask(block, MaskingKey(kKeyBytes));
    unmask(block, MaskingKey(kKeyBytes));
    ASSERT_EQ(block, before);
  }
}

TEST(MaskingTest, RotatedKeyContinuesAfterEveryCut) {
  const auto original = random_bytes(77, 3);
  auto whole = original;
  unmask_plain(whole, MaskingKey(kKeyBytes));
  for (std::size_t cut = 0; cut <= original.size(); ++cut) {
    auto pieces = original;
    const MaskingKey key(kKeyBytes);
    unmask(dunlin::Bytes(pieces).first(cut), key);
    unmask(dunlin::Bytes(pieces).subspan(cut), key.rotated(cut));
    ASSERT_EQ(pieces, whole) << cut;
  }
}

TEST(MaskingTest, RotationOfAHugeSizeCountsModuloFour) {
  const MaskingKey key(kKeyBytes);
  EXPECT_EQ(key.rotated((std::uint64_t{1} << 63) + 3), key.rotated(3));
  EXPECT_EQ(key.rotated(1).bytes()[0], kKeyBytes[1]);
  EXPECT_EQ(key.rotated(1).bytes()[3], kKeyBytes[0]);
}

}  // namespace
}  // namespace ws
