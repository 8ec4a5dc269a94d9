#include "proto/push/body_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using push::BodyParser;
using push::PaddedText;
using ::testing::ElementsAre;

struct Row {
  std::string_view json;
  std::string_view code;
  std::string_view path;
};

TEST(BodyParser, ReadsAList) {
  BodyParser parser;
  std::vector<std::string_view> uids;
  std::string json = R"({"uids":["1","a\n"]})";
  ASSERT_TRUE(parser.parse_list(PaddedText::of(json), {"uids", 2, 4}, uids));
  EXPECT_THAT(uids, ElementsAre("1", "a\n"));
  std::string empty = R"({"uids":[]})";
  ASSERT_TRUE(parser.parse_list(PaddedText::of(empty), {"uids", 2, 4}, uids));
  EXPECT_TRUE(uids.empty());
}

TEST(BodyParser, RefusesEveryFaultOfAList) {
  constexpr Row kRows[] = {
      {"", "invalid_json", ""},
      {"[]", "wrong_type", ""},
      {"{}", "missing_key", "uids"},
      {R"({"uids":"1"})", "wrong_type", "uids"},
      {R"({"uids":[1]})", "wrong_type", "uids[0]"},
      {R"({"uids":["1",""]})", "empty_value", "uids[1]"},
      {R"({"uids":["12345"]})", "too_long", "uids[0]"},
      {R"({"uids":["1","2","3"]})", "too_many", "uids"},
      {R"({"uids":["1"],"x":1})", "unknown_key", "x"},
      {R"({"uids":["1"],"uids":["1"]})", "duplicate_key", "uids"},
      {R"({"uids":["1"]}{)", "invalid_json", ""},
      {R"({"uids":["1"]} 1)", "invalid_json", ""},
      {"{\"uids\":[\"\xFF\"]}", "invalid_utf8", ""},
  };
  for (const Row& row : kRows) {
    BodyParser parser;
    std::vector<std::string_view> uids;
    std::string json(row.json);
    const auto parsed = parser.parse_list(PaddedText::of(json), {"uids", 2, 4}, uids);
    ASSERT_FALSE(parsed) << json;
    EXPECT_EQ(parsed.error().code, row.code) << json;
    EXPECT_EQ(parsed.error().path, row.path) << json;
  }
}

TEST(BodyParser, ReadsAText) {
  BodyParser parser;
  std::string json = R"({"level":"debug"})";
  EXPECT_EQ(parser.parse_text(PaddedText::of(json), {"level", 16}), "debug");
  for (const std::string_view bad :
       {R"({"level":1})", R"({"level":""})", "{}", R"({"level":"a","level":"b"})", R"("debug")"}) {
    std::string text(bad);
    EXPECT_FALSE(parser.parse_text(PaddedText::of(text), {"level", 16})) << bad;
  }
}

TEST(BodyParser, ChecksJson) {
  BodyParser parser;
  for (const std::string_view good :
       {"1", "-1.5e9", "\"a\"", "\"\\u00e9\"", "true", "null", "[]", "{}", R"({"a":[1,"b",{}]})"}) {
    for (const std::string_view space : {"", " ", "\r\n"}) {
      std::string text;
      text.append(space).append(good).append(space);
      EXPECT_EQ(parser.check(PaddedText::of(text)), good) << text;
    }
  }
  for (const std::string_view bad :
       {"",        " ",     "hello", "1 2",     "[] []",   "{}{}", "\"a\"b", "\"a\" \"b\"",
        "\"\\q\"", "01",    "[1,]",  "{\"a\"}", "nul",     "[",    "\"",     "}",
        ",",       "true,", "1]",    "\xFF",    "\"\xC3\""}) {
    for (const char filler : {'\0', ']', '}', '"', ' '}) {
      const std::string text = std::string(bad) + std::string(push::kPadding, filler);
      const auto checked =
          parser.check(PaddedText::promise(std::string_view(text).substr(0, bad.size())));
      EXPECT_FALSE(checked) << bad;
    }
  }
}

}  // namespace
