#include "proto/ws/close_code.h"

#include <gtest/gtest.h>

namespace ws {
namespace {

struct Row {
  int first;
  int last;
  bool valid;
};

// RFC 6455 7.4.1, 7.4.2 and the IANA registry; together the rows are all codes there are.
constexpr Row kRows[] = {
    {0, 999, false},    {1000, 1003, true},  {1004, 1006, false},
    {1007, 1014, true}, {1015, 1015, false}, {1016, 2999, false},
    {3000, 3999, true}, {4000, 4999, true},  {5000, 65535, false},
};

TEST(CloseCodeTest, ValidOnTheWire) {
  int expected_first = 0;
  for (const Row& row : kRows) {
    EXPECT_EQ(row.first, expected_first);
    for (int code = row.first; code <= row.last; ++code) {
      EXPECT_EQ(is_valid_on_wire(static_cast<std::uint16_t>(code)), row.valid) << code;
    }
    expected_first = row.last + 1;
  }
  EXPECT_EQ(expected_first, 65536);
}

}  // namespace
}  // namespace ws
