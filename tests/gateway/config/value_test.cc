#include "gateway/config/value.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "gateway/config/quantity.h"

namespace config {
namespace {

constexpr std::string_view kWords[] = {"auto", "plain"};
constexpr Setting kSize{
    .name = "size", .min = 1, .max = 1 << 20, .unit = Unit::kBytes, .kind = Kind::kInteger};
constexpr Setting kTime{
    .name = "time", .min = 0, .max = 60'000, .unit = Unit::kMilliseconds, .kind = Kind::kInteger};
constexpr Setting kCount{.name = "count", .min = 2, .max = 4, .kind = Kind::kInteger};
constexpr Setting kFlag{.name = "flag", .kind = Kind::kBool};
constexpr Setting kWord{.name = "word", .choices = kWords, .kind = Kind::kChoice};
constexpr Setting kText{.name = "text", .min = 0, .max = 4, .kind = Kind::kText};
constexpr Setting kList{.name = "list", .min = 0, .max = 2, .kind = Kind::kList};

std::optional<std::string> refuse_all(std::string_view) { return "must not be"; }

struct Taken {
  const Setting* setting;
  RawValue raw;
  Value value;
};

using Strings = std::vector<std::string>;

const Taken kTaken[] = {
    {&kSize, std::int64_t{1}, std::uint64_t{1}},
    {&kSize, std::int64_t{1 << 20}, std::uint64_t{1 << 20}},
    {&kSize, std::string("64KiB"), std::uint64_t{65'536}},
    {&kSize, std::string("1MiB"), std::uint64_t{1 << 20}},
    {&kSize, std::string("17B"), std::uint64_t{17}},
    {&kSize, PlainText{"4096"}, std::uint64_t{4'096}},
    {&kTime, std::int64_t{0}, std::uint64_t{0}},
    {&kTime, std::string("250ms"), std::uint64_t{250}},
    {&kTime, std::string("10s"), std::uint64_t{10'000}},
    {&kTime, PlainText{"1m"}, std::uint64_t{60'000}},
    {&kCount, std::int64_t{2}, std::uint64_t{2}},
    {&kCount, PlainText{"4"}, std::uint64_t{4}},
    {&kFlag, true, true},
    {&kFlag, PlainText{"false"}, false},
    {&kWord, std::string("plain"), std::string("plain")},
    {&kWord, PlainText{"auto"}, std::string("auto")},
    {&kText, std::string(), std::string()},
    {&kText, PlainText{"abcd"}, std::string("abcd")},
    {&kList, Strings{}, Strings{}},
    {&kList, PlainText{""}, Strings{}},
    {&kList, PlainText{" a , b "}, (Strings{"a", "b"})},
    {&kList, Strings{"a,b"}, Strings{"a,b"}},
};

TEST(Convert, TakesWhatFits) {
  for (const Taken& row : kTaken) {
    const auto value = convert(*row.setting, row.raw);
    ASSERT_TRUE(value) << row.setting->name << ": " << value.error();
    EXPECT_EQ(*value, row.value) << row.setting->name;
  }
}

struct Refused {
  const Setting* setting;
  RawValue raw;
  std::string_view message;
};

constexpr std::string_view kSizeExpected =
    "expected a size from 1 to 1048576 bytes (or such as \"64KiB\", \"1MiB\"), got ";

const Refused kRefused[] = {
    {&kCount, std::int64_t{1}, "expected an integer from 2 to 4, got 1"},
    {&kCount, std::int64_t{5}, "expected an integer from 2 to 4, got 5"},
    {&kCount, std::int64_t{-3}, "expected an integer from 2 to 4, got -3"},
    {&kCount, std::string("3"), "expected an integer from 2 to 4, got \"3\""},
    {&kCount, PlainText{"3B"}, "expected an integer from 2 to 4, got \"3B\""},
    {&kCount, PlainText{""}, "expected an integer from 2 to 4, got \"\""},
    {&kCount, true, "expected an integer from 2 to 4, got true"},
    {&kCount, OtherType{"a number with a fraction"},
     "expected an integer from 2 to 4, got a number with a fraction"},
    {&kFlag, std::string("true"), "expected true or false, got \"true\""},
    {&kFlag, PlainText{"yes"}, "expected true or false, got \"yes\""},
    {&kFlag, std::int64_t{1}, "expected true or false, got 1"},
    {&kWord, std::string("Auto"), "expected \"auto\" or \"plain\", got \"Auto\""},
    {&kText, std::string("abcde"), "expected a text of 0 to 4 bytes, got \"abcde\""},
    {&kText, std::int64_t{1}, "expected a text of 0 to 4 bytes, got 1"},
    {&kText, PlainText{"\xff"}, "must be valid UTF-8, got \"\\xff\""},
    {&kList, Strings({"a", "b", "c"}), "expected a list of 0 to 2 texts, got 3 of them"},
    {&kList, Strings({"a", ""}), "item 2: must not be empty"},
    {&kList, PlainText{"a,"}, "item 2: must not be empty"},
    {&kList, std::string("a"), "expected a list of 0 to 2 texts, got \"a\""},
    {&kList, Strings({std::string(4'097, 'a')}), "item 1: must have at most 4096 bytes"},
};

TEST(Convert, SaysWhatDoesNotFit) {
  for (const Refused& row : kRefused) {
    const auto value = convert(*row.setting, row.raw);
    ASSERT_FALSE(value) << row.message;
    EXPECT_EQ(value.error(), row.message);
  }
  EXPECT_EQ(convert(kSize, std::string("big")).error(), std::string(kSizeExpected) + "\"big\"");
  EXPECT_EQ(convert(kSize, std::int64_t{0}).error(), std::string(kSizeExpected) + "0");
}

TEST(Convert, NeverShowsASecret) {
  Setting secret = kList;
  secret.secret = true;
  secret.check = refuse_all;
  for (const RawValue& raw : {RawValue(std::string("hush")), RawValue(PlainText{"hush"}),
                              RawValue(Strings({"hush"})), RawValue(std::int64_t{7'777})}) {
    const auto value = convert(secret, raw);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().find("hush"), std::string::npos) << value.error();
    EXPECT_EQ(value.error().find("7777"), std::string::npos) << value.error();
  }
  EXPECT_EQ(to_toml(secret, Strings({"hush", "hush"})), "[\"(hidden)\", \"(hidden)\"]");
}

TEST(Convert, RunsTheCheckOnEachItemAndQuotesIt) {
  Setting checked = kList;
  checked.check = refuse_all;
  EXPECT_EQ(convert(checked, Strings({"x"})).error(), "item 1: must not be, got \"x\"");
  checked.kind = Kind::kText;
  EXPECT_EQ(convert(checked, std::string("x")).error(), "must not be, got \"x\"");
  EXPECT_TRUE(convert(checked, std::string())) << "empty means none, where the range allows it";
}

TEST(InQuotes, IsShortAndHarmless) {
  EXPECT_EQ(in_quotes("a\x1b[31m\n\xc3\xa4"), "\"a\\x1b[31m\\x0a\\xc3\\xa4\"");
  EXPECT_EQ(in_quotes(std::string(80, 'a')), "\"" + std::string(80, 'a') + "\"");
  EXPECT_EQ(in_quotes(std::string(81, 'a')), "\"" + std::string(80, 'a') + "\"...");
}

TEST(Quantity, ReadsAndPrints) {
  struct Row {
    std::string_view text;
    Unit unit;
    std::optional<std::uint64_t> number;
    std::string_view toml;
  };
  constexpr Row kRows[] = {
      {"0", Unit::kBytes, 0, "0"},
      {"1023B", Unit::kBytes, 1'023, "1023"},
      {"1024", Unit::kBytes, 1'024, "\"1KiB\""},
      {"1536KiB", Unit::kBytes, 1'536 << 10, "\"1536KiB\""},
      {"2048MiB", Unit::kBytes, 2ULL << 30, "\"2GiB\""},
      {"17179869183GiB", Unit::kBytes, 18'446'744'072'635'809'792ULL, "\"17179869183GiB\""},
      {"17179869184GiB", Unit::kBytes, {}, ""},  // 2^64
      {"18446744073709551616", Unit::kBytes, {}, ""},
      {"1KB", Unit::kBytes, {}, ""},
      {"1kib", Unit::kBytes, {}, ""},
      {"1 KiB", Unit::kBytes, {}, ""},
      {" 1", Unit::kBytes, {}, ""},
      {"1.5MiB", Unit::kBytes, {}, ""},
      {"-1", Unit::kBytes, {}, ""},
      {"KiB", Unit::kBytes, {}, ""},
      {"1s", Unit::kBytes, {}, ""},
      {"999ms", Unit::kMilliseconds, 999, "999"},
      {"90s", Unit::kMilliseconds, 90'000, "\"90s\""},
      {"60m", Unit::kMilliseconds, 3'600'000, "\"1h\""},
      {"1d", Unit::kMilliseconds, {}, ""},
      {"20", Unit::kPercent, 20, "20"},
      {"20ms", Unit::kPercent, {}, ""},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(parse_quantity(row.text, row.unit), row.number) << row.text;
    if (row.number) {
      EXPECT_EQ(quantity_to_toml(*row.number, row.unit), row.toml) << row.text;
    }
  }
}

TEST(ToToml, EscapesTexts) {
  EXPECT_EQ(to_toml(kText, std::string("a\"\\\n\x7f")), "\"a\\\"\\\\\\u000A\\u007F\"");
}

}  // namespace
}  // namespace config
