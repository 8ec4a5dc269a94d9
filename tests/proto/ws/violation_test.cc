#include "proto/ws/violation.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ws {
namespace {

bool is_snake_case(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

TEST(ViolationTest, EachHasItsNameSectionAndCode) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kViolationCount; ++i) {
    const auto violation = static_cast<Violation>(i);
    EXPECT_TRUE(is_snake_case(name_of(violation))) << i;
    EXPECT_TRUE(names.emplace(name_of(violation)).second) << name_of(violation);
    EXPECT_FALSE(section_of(violation).empty()) << name_of(violation);
    EXPECT_TRUE(is_valid_on_wire(static_cast<std::uint16_t>(close_code_for(violation))));
  }
}

TEST(ViolationTest, CloseCodes) {
  EXPECT_EQ(close_code_for(Violation::kUnmasked), CloseCode::kProtocolError);
  EXPECT_EQ(close_code_for(Violation::kInvalidUtf8), CloseCode::kInvalidPayload);
  EXPECT_EQ(close_code_for(Violation::kCloseReasonUtf8), CloseCode::kInvalidPayload);
  EXPECT_EQ(close_code_for(Violation::kFrameTooBig), CloseCode::kMessageTooBig);
  EXPECT_EQ(close_code_for(Violation::kMessageTooBig), CloseCode::kMessageTooBig);
  EXPECT_EQ(close_code_for(Violation::kCloseCode), CloseCode::kProtocolError);
}

}  // namespace
}  // namespace ws
