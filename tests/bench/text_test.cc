#include "bench/load/report/text.h"

#include <gtest/gtest.h>

namespace load {
namespace {

TEST(FormatNumber, ThreeDigitsWhereThereIsAFraction) {
  const std::pair<double, std::string_view> kRows[] = {
      {0, "0"},
      {7, "7"},
      {0.7314, "0.731"},
      {3.987, "3.99"},
      {9.99, "9.99"},
      {9.999, "10.0"},
      {23.34, "23.3"},
      {99.94, "99.9"},
      {99.96, "100"},
      {123.4, "123"},
      {999.6, "1,000"},
      {1000, "1,000"},
      {1234567, "1,234,567"},
      {-1234.5, "-1,234"},
      {-0.5, "-0.500"},
  };
  for (const auto& [value, text] : kRows) EXPECT_EQ(format_number(value), text) << value;
}

}  // namespace
}  // namespace load
