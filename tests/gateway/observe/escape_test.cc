#include "gateway/observe/escape.h"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace observe {
namespace {

std::string escaped(std::string_view text, InvalidUtf8 invalid = InvalidUtf8::kHex) {
  std::string line;
  append_escaped(line, text, invalid);
  return line;
}

TEST(Escape, LeavesNothingThatEndsALineOrAValue) {
  struct Row {
    std::string_view text;
    std::string_view expected;
  };
  constexpr Row kRows[] = {
      {"", ""},
      {"plain = text", "plain = text"},
      {"\"\\", "\\\"\\\\"},
      {"\n\r\t", "\\n\\r\\t"},
      {std::string_view("\0\x1b\x1f\x7f", 4), "\\u0000\\u001b\\u001f\\u007f"},
      {"\xc2\x80\xc2\x9f\xc2\xa0", "\\u0080\\u009f\xc2\xa0"},    // U+0080, U+009F; U+00A0 stays.
      {"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},            // Line and paragraph separator.
      {"\xe2\x80\xae\xe2\x81\xa6", "\\u202e\\u2066"},            // Right-to-left override, isolate.
      {"\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf"},  // Their neighbours.
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\xa6\x86", "gr\xc3\xbc\xc3\x9f \xf0\x9f\xa6\x86"},
  };
  for (const Row& row : kRows) EXPECT_EQ(escaped(row.text), row.expected);
}

TEST(Escape, MarksInvalidUtf8) {
  EXPECT_EQ(escaped("a\xff\xc3(", InvalidUtf8::kHex), "a\\xff\\xc3(");
  EXPECT_EQ(escaped("a\xff\xc3(", InvalidUtf8::kReplacement), "a\\ufffd\\ufffd(");
  EXPECT_EQ(escaped("\xe2\x80", InvalidUtf8::kHex), "\\xe2\\x80");
}

// Every sequence of up to two bytes, and every first and second byte of longer ones on both sides
// of the ranges, against simdjson's validator.
TEST(Escape, AgreesWithSimdjsonOnWhatIsValid) {
  constexpr unsigned char kTails[][2] = {{0x80, 0x80}, {0xbf, 0xbf}, {0x7f, 0x80}, {0x80, 0xc0}};
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      for (const auto& tail : kTails) {
        const char bytes[] = {static_cast<char>(first), static_cast<char>(second),
                              static_cast<char>(tail[0]), static_cast<char>(tail[1])};
        std::size_t expected = 0;
        for (std::size_t size = 1; size <= 4 && expected == 0; ++size) {
          if (simdjson::validate_utf8(bytes, size)) expected = size;
        }
        ASSERT_EQ(utf8_sequence_size({bytes, 4}), expected) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace observe
