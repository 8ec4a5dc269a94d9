#include "gateway/hub/short_string.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

using hub::ShortString;

TEST(ShortString, KeepsAnyText) {
  for (const std::size_t size : {0U, 1U, 14U, 15U, 16U, 17U, 127U, 256U, 70'000U}) {
    std::string text(size, 'x');
    if (size > 0) text.back() = '\xff';
    const ShortString kept(text);
    EXPECT_EQ(kept.view(), text);
    EXPECT_EQ(kept.empty(), size == 0);
  }
  EXPECT_EQ(ShortString().view(), "");
  EXPECT_EQ(ShortString(std::string_view("\0\x7f\0", 3)).view(), std::string_view("\0\x7f\0", 3));
  EXPECT_EQ(ShortString(std::string(15, '\x7f')).view(), std::string(15, '\x7f'));
}

TEST(ShortString, MovesBetweenAnyTwoSizes) {
  for (const std::size_t from : {0U, 5U, 15U, 16U, 100U}) {
    for (const std::size_t to : {0U, 5U, 15U, 16U, 100U}) {
      ShortString source(std::string(from, 's'));
      ShortString target(std::string(to, 't'));
      target = std::move(source);
      EXPECT_EQ(target.view(), std::string(from, 's'));
      ShortString made(std::move(target));
      EXPECT_EQ(made.view(), std::string(from, 's'));
      EXPECT_TRUE(target.empty());  // NOLINT(bugprone-use-after-move): that is promised.
      made = ShortString();
      EXPECT_TRUE(made.empty());
    }
  }
}

}  // namespace
