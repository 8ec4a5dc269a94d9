#include "gateway/api/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace api {
namespace {

std::string told(const LineSplitter::Step& step) {
  if (const auto* line = std::get_if<LineSplitter::Line>(&step)) {
    return std::to_string(line->number) + ":" + std::string(line->text.view());
  }
  if (const auto* too_long = std::get_if<LineSplitter::TooLong>(&step)) {
    return std::to_string(too_long->number) + ":too long";
  }
  return {};
}

void feed(LineSplitter& splitter, std::string piece, std::vector<std::string>& steps) {
  piece.append(push::kPadding, '\n');  // Must not be seen.
  std::string_view input = std::string_view(piece).substr(0, piece.size() - push::kPadding);
  for (;;) {
    const std::string step = told(splitter.next(input));
    if (step.empty()) break;
    steps.push_back(step);
  }
  EXPECT_TRUE(input.empty());
}

TEST(LineSplitter, HowTheBodyIsCutChangesNothing) {
  const std::string body = "a\n\n \r\nbb\r\n12345678\n123456789\nc\n1234567890123\nlast";
  const std::vector<std::string> expected = {"1:a", "4:bb\r",     "5:12345678", "6:too long",
                                             "7:c", "8:too long", "9:last"};
  for (std::size_t first = 0; first <= body.size(); ++first) {
    for (std::size_t second = first; second <= body.size(); ++second) {
      LineSplitter splitter(8);
      std::vector<std::string> steps;
      feed(splitter, body.substr(0, first), steps);
      feed(splitter, body.substr(first, second - first), steps);
      feed(splitter, body.substr(second), steps);
      const std::string last = told(splitter.finish());
      if (!last.empty()) steps.push_back(last);
      ASSERT_EQ(steps, expected) << first << " " << second;
    }
  }
}

TEST(LineSplitter, NothingAfterTheLastLineEnd) {
  LineSplitter splitter(8);
  std::vector<std::string> steps;
  feed(splitter, "a\nb", steps);
  feed(splitter, "c\n", steps);
  EXPECT_THAT(steps, ::testing::ElementsAre("1:a", "2:bc"));
  EXPECT_EQ(told(splitter.finish()), "");
}

TEST(LineSplitter, ATooLongLastLineIsSaidOnce) {
  LineSplitter splitter(2);
  std::vector<std::string> steps;
  feed(splitter, "aa", steps);
  feed(splitter, "aa", steps);
  feed(splitter, "aa", steps);
  EXPECT_THAT(steps, ::testing::ElementsAre("1:too long"));
  EXPECT_EQ(told(splitter.finish()), "");
}

}  // namespace
}  // namespace api
