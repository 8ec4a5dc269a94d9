#include "gateway/cross/address_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace cross {
namespace {

proxy::IpAddress address(std::uint32_t number) {
  const std::array<std::uint8_t, 4> octets = {10, static_cast<std::uint8_t>(number >> 16),
                                              static_cast<std::uint8_t>(number >> 8),
                                              static_cast<std::uint8_t>(number)};
  return proxy::IpAddress::v4(octets);
}

TEST(AddressTableTest, TakesUpToTheLimit) {
  AddressTable table(1'000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(table.take(address(1), 3));
  EXPECT_FALSE(table.take(address(1), 3));
  EXPECT_FALSE(table.take(address(1), 3));  // A refusal leaves nothing behind.
  EXPECT_EQ(table.count(address(1)), 3U);
  EXPECT_TRUE(table.take(address(2), 3));
  table.give_back(address(1));
  EXPECT_TRUE(table.take(address(1), 3));
  for (int i = 0; i < 3; ++i) table.give_back(address(1));
  table.give_back(address(2));
  EXPECT_EQ(table.count(address(1)), 0U);
  EXPECT_EQ(table.count(address(2)), 0U);
}

// With as many connections as it is made for: never too low, and too high for hardly anybody, even
// beside addresses that hold very many.
TEST(AddressTableTest, CountsAreNeverTooLowAndSeldomTooHigh) {
  constexpr std::uint32_t kAddresses = 20'000;
  AddressTable table(100'000);
  for (std::uint32_t heavy = 0; heavy < 8; ++heavy) {
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(table.take(address(1'000'000 + heavy), 10'000));
  }
  for (std::uint32_t i = 0; i < kAddresses; ++i) ASSERT_TRUE(table.take(address(i), 10'000));
  std::uint32_t too_high = 0;
  for (std::uint32_t i = 0; i < kAddresses; ++i) {
    const std::uint32_t count = table.count(address(i));
    ASSERT_GE(count, 1U);
    if (count > 8) ++too_high;
  }
  EXPECT_LT(too_high, kAddresses / 1'000);
}

// Shards that come at the same time never get more than the limit together.
TEST(AddressTableTest, NeverMoreThanTheLimitWhateverTheOrder) {
  constexpr std::uint32_t kLimit = 5;
  AddressTable table(1'000);
  std::atomic<std::uint32_t> held{0};
  std::atomic<std::uint32_t> most{0};
  std::atomic<std::uint32_t> granted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        if (!table.take(address(7), kLimit)) continue;
        const std::uint32_t now = held.fetch_add(1) + 1;
        std::uint32_t seen = most.load();
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        granted.fetch_add(1);
        held.fetch_sub(1);
        table.give_back(address(7));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), kLimit);
  EXPECT_GT(granted.load(), 0U);
  EXPECT_EQ(table.count(address(7)), 0U);
}

}  // namespace
}  // namespace cross
