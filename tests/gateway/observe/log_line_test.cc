#include "gateway/observe/log_line.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <vector>

namespace observe {
namespace {

using std::chrono::milliseconds;
using Time = std::chrono::system_clock::time_point;

// 2026-11-21T09:00:00.007Z
const Time kTime{milliseconds(1'795'251'600'007)};

std::string line_of(LogFormat format, std::string_view message,
                    const std::vector<LogField>& fields = {}, LogLevel level = LogLevel::kInfo) {
  std::string line;
  append_log_line(line, {.time = kTime, .level = level, .message = message, .fields = fields},
                  format);
  return line;
}

std::string text_of(const std::vector<LogField>& fields) {
  const std::string line = line_of(LogFormat::kText, "m", fields);
  return line.substr(line.find(" m ") + 3);
}

std::string json_of(const std::vector<LogField>& fields) {
  const std::string line = line_of(LogFormat::kJson, "m", fields);
  return line.substr(line.find("\"m\",") + 4);
}

TEST(LogLine, LooksLikeThis) {
  const std::string conn = "7f3a";
  EXPECT_EQ(line_of(LogFormat::kText, "connection closed", {{"conn", conn}, {"code", 1000}}),
            "2026-11-21T09:00:00.007Z info  connection closed conn=7f3a code=1000");
  EXPECT_EQ(line_of(LogFormat::kJson, "connection closed", {{"conn", conn}, {"code", 1000}}),
            R"({"ts":"2026-11-21T09:00:00.007Z","level":"info","msg":"connection closed",)"
            R"("conn":"7f3a","code":1000})");
  EXPECT_EQ(line_of(LogFormat::kText, "m", {}, LogLevel::kError),
            "2026-11-21T09:00:00.007Z error m");
  EXPECT_EQ(line_of(LogFormat::kJson, "m", {}, LogLevel::kWarn),
            R"({"ts":"2026-11-21T09:00:00.007Z","level":"warn","msg":"m"})");
}

TEST(LogLine, TimesBeforeTheEpochHaveMillisecondsToo) {
  std::string line;
  append_log_line(line, {.time = Time{milliseconds(-1)}, .level = LogLevel::kInfo, .message = "m"},
                  LogFormat::kText);
  EXPECT_TRUE(line.starts_with("1969-12-31T23:59:59.999Z")) << line;
}

struct Row {
  LogField field;
  std::string_view text;
  std::string_view json;
};

const Row kRows[] = {
    {{"k", "v"}, "k=v", R"("k":"v"})"},
    {{"k", std::string_view("")}, R"(k="")", R"("k":""})"},
    {{"k", "two words"}, R"(k="two words")", R"("k":"two words"})"},
    {{"k", "a=b"}, R"(k="a=b")", R"("k":"a=b"})"},
    {{"k", "say \"hi\""}, R"(k="say \"hi\"")", R"("k":"say \"hi\""})"},
    {{"k", "a\nb"}, R"(k="a\nb")", R"("k":"a\nb"})"},
    {{"k", "\xff"}, R"(k="\xff")", R"("k":"\ufffd"})"},
    {{"k", "\xc3\xa4"}, "k=\"\xc3\xa4\"", "\"k\":\"\xc3\xa4\"}"},
    {{"k", true}, "k=true", R"("k":true})"},
    {{"k", -1}, "k=-1", R"("k":-1})"},
    {{"k", std::uint8_t{7}}, "k=7", R"("k":7})"},
    {{"k", std::numeric_limits<std::uint64_t>::max()},
     "k=18446744073709551615",
     R"("k":18446744073709551615})"},
    {{"k", std::numeric_limits<std::int64_t>::min()},
     "k=-9223372036854775808",
     R"("k":-9223372036854775808})"},
    {{"k", 0.5}, "k=0.5", R"("k":0.5})"},
    {{"k", 0.5F}, "k=0.5", R"("k":0.5})"},
    {{"k", std::numeric_limits<double>::infinity()}, "k=inf", R"("k":null})"},
    {{"k", std::numeric_limits<double>::quiet_NaN()}, "k=nan", R"("k":null})"},
};

TEST(LogLine, WritesEachType) {
  for (const Row& row : kRows) {
    EXPECT_EQ(text_of({row.field}), row.text);
    EXPECT_EQ(json_of({row.field}), row.json);
  }
}

TEST(LogLine, CannotBeForged) {
  constexpr std::string_view kAttack =
      "x\r\n2026-11-21T09:00:00.000Z info  login uid=\"root\"\",\"level\":\"error";
  const std::string text = line_of(LogFormat::kText, kAttack, {{"uid", kAttack}});
  const std::string json = line_of(LogFormat::kJson, kAttack, {{"uid", kAttack}});
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(json.find_first_of("\r\n"), std::string::npos);
  simdjson::dom::parser parser;
  const auto parsed = parser.parse(json);
  ASSERT_EQ(parsed.error(), simdjson::SUCCESS);
  EXPECT_EQ(parsed["uid"].get_string().value(), kAttack);
  EXPECT_EQ(parsed["level"].get_string().value(), "info");
}

TEST(LogLine, JsonIsValidWhateverTheByte) {
  simdjson::dom::parser parser;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string value = {'a', static_cast<char>(byte), 'b'};
    const std::string line = line_of(LogFormat::kJson, value, {{value, value}});
    EXPECT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << byte << ": " << line;
  }
}

TEST(LogLine, BoundsValuesAtACharactersEnd) {
  const std::string fits(kLogValueSizeMax, 'a');
  EXPECT_EQ(text_of({{"k", fits}}), "k=" + fits);
  EXPECT_EQ(text_of({{"k", fits + "a"}}), "k=\"" + fits + "...\"");
  // Two bytes of which one would fit.
  const std::string cut = fits.substr(1) + "\xc3\xa4";
  EXPECT_EQ(text_of({{"k", cut}}), "k=\"" + fits.substr(1) + "...\"");
  EXPECT_EQ(json_of({{"k", cut}}), "\"k\":\"" + fits.substr(1) + "...\"}");
  // Nothing but continuation bytes: no character's end to look for.
  EXPECT_TRUE(text_of({{"k", std::string(2'000, '\x80')}}).ends_with("\\x80...\""));
}

TEST(LogLevel, NamesAndBack) {
  for (const auto* name : {"trace", "debug", "info", "warn", "error", "off"}) {
    ASSERT_TRUE(log_level_from(name)) << name;
    EXPECT_EQ(to_string(*log_level_from(name)), name);
  }
  EXPECT_FALSE(log_level_from("INFO"));
  EXPECT_FALSE(log_level_from(""));
}

}  // namespace
}  // namespace observe
