#include "proto/http/target.h"

#include <gtest/gtest.h>

#include <string>

namespace http {
namespace {

struct Row {
  const char* target;
  const char* expected;  // "authority|path|query", or null.
};

constexpr Row kRows[] = {
    {"/", "|/|"},
    {"/a/b", "|/a/b|"},
    {"/a?b", "|/a|b"},
    {"/a?", "|/a|"},
    {"/?a?b", "|/|a?b"},
    {"//a", "|//a|"},
    {"/../a%00", "|/../a%00|"},
    {"/a:b@c", "|/a:b@c|"},
    {"/http://x", "|/http://x|"},
    {"/\"<>\\^`{|}", "|/\"<>\\^`{|}|"},
    {"http://h", "h|/|"},
    {"http://h/", "h|/|"},
    {"http://h/a?b", "h|/a|b"},
    {"http://h?b", "h|/|b"},
    {"HTTP://H:80/a", "H:80|/a|"},
    {"https://h/a", "h|/a|"},
    {"ws://h/a", "h|/a|"},
    {"wss://[::1]:443/a", "[::1]:443|/a|"},
    {"", nullptr},
    {"*", nullptr},
    {"a", nullptr},
    {"h:80", nullptr},
    {"?a", nullptr},
    {"/a#b", nullptr},
    {"/a?b#c", nullptr},
    {"/a b", nullptr},
    {"/\t", nullptr},
    {"/\x7f", nullptr},
    {"/\x80", nullptr},
    {"ftp://h/", nullptr},
    {"://h/", nullptr},
    {"http://", nullptr},
    {"http:///a", nullptr},
    {"http://?a", nullptr},
    {"http://u@h/", nullptr},
    {"http://u:p@h/", nullptr},
    {"http://h:x/", nullptr},
    {"http:/h", nullptr},
};

TEST(TargetTest, Table) {
  for (const Row& row : kRows) {
    const auto target = parse_target(row.target);
    ASSERT_EQ(target.has_value(), row.expected != nullptr) << row.target;
    if (!target) continue;
    const std::string parts = std::string(target->authority) + '|' + std::string(target->path) +
                              '|' + std::string(target->query);
    EXPECT_EQ(parts, row.expected) << row.target;
  }
}

TEST(TargetTest, Authorities) {
  for (const char* good :
       {"h", "h:80", "h:", "h:0", "h:65535", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80",
        "[fe80::1]:", "a-b.c_d~e", "xn--bcher-kva.example", "a%20b", "h:00080", "[v1.x]"}) {
    EXPECT_TRUE(is_valid_authority(good)) << good;
  }
  for (const char* bad :
       {"",        ":",       ":80",    "h:65536", "h:-1", "h:+1",  "h:8x", "h:80:80", "h 1",
        "h/",      "u@h",     "h?",     "h#",      "[",    "[]",    "[::1", "::1",     "[::1]x",
        "[::1]80", "[::1]:x", "[::%1]", "h\\",     "h,i ", "\"h\"", "<h>",  "h\x80"}) {
    EXPECT_FALSE(is_valid_authority(bad)) << bad;
  }
}

}  // namespace
}  // namespace http
