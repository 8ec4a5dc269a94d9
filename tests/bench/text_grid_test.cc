#include "bench/load/report/text_grid.h"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(TextGrid, FirstColumnLeftOthersRight) {
  EXPECT_EQ(to_text({{"", "a", "long"}, {"row", "1,000", "2"}}),
            "         a  long\n"
            "row  1,000     2\n");
}

TEST(TextGrid, CountsCharactersNotBytes) {
  EXPECT_EQ(to_text({{"µs", "×"}, {"ab", "12"}}),
            "µs   ×\n"
            "ab  12\n");
}

TEST(TextGrid, WhatDoesNotFitGoesBelow) {
  const std::string wide(60, 'x');
  EXPECT_EQ(to_text({{"r", wide, wide, "y"}}), "r  " + wide + "\n\nr  " + wide + "  y\n");
  const std::string fitting(kWidthMax - 6, 'x');
  EXPECT_EQ(to_text({{"r", fitting, "y"}}), "r  " + fitting + "  y\n");
}

TEST(TextGrid, AColumnWiderThanEverythingStandsAlone) {
  const std::string wide(kWidthMax + 1, 'x');
  EXPECT_EQ(to_text({{"r", "a", wide, "b"}}), "r  a\n\nr  " + wide + "\n\nr  b\n");
}

TEST(TextGrid, NothingGivesNothing) { EXPECT_EQ(to_text(std::vector<TextLine>()), ""); }

}  // namespace
}  // namespace load
