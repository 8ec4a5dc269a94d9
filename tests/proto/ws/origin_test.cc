#include "proto/ws/origin.h"

#include <gtest/gtest.h>

#include <vector>

namespace ws {
namespace {

struct Row {
  const char* origin;
  const char* host;
  const char* rule;
  bool allowed;
};

constexpr Row kRows[] = {
    {"http://example.com", "example.com", "same", true},
    {"https://example.com", "example.com", "same", true},
    {"http://EXAMPLE.com", "Example.COM", "same", true},
    {"http://example.com", "example.com:80", "same", true},
    {"http://example.com:80", "example.com", "same", true},
    {"https://example.com", "example.com:443", "same", true},
    {"https://example.com:443", "example.com", "same", true},
    {"http://example.com:8080", "example.com:8080", "same", true},
    {"http://127.0.0.1:9000", "127.0.0.1:9000", "same", true},
    {"http://[::1]:80", "[::1]", "same", true},
    {"http://[::1]:81", "[::1]:81", "same", true},
    {"http://example.com", "example.com:", "same", true},
    {"http://example.com", "example.com:443", "same", false},
    {"https://example.com", "example.com:80", "same", false},
    {"http://example.com:8080", "example.com", "same", false},
    {"http://example.com", "example.com:8080", "same", false},
    {"http://evil.com", "example.com", "same", false},
    {"http://example.com.evil.com", "example.com", "same", false},
    {"http://evilexample.com", "example.com", "same", false},
    {"http://example.com/", "example.com", "same", false},
    {"http://user@example.com", "example.com", "same", false},
    {"http://evil.com/http://example.com", "example.com", "same", false},
    {"example.com", "example.com", "same", false},
    {"null", "null", "same", false},
    {"", "", "same", false},
    {"http://", "", "same", false},
    {"://example.com", "example.com", "same", false},
    {"http:///example.com", "example.com", "same", false},
    {"http://example.com", "example.com.", "same", false},
    {"file://", "", "same", false},
    {"file://example.com", "example.com", "same", false},
    {"chrome-extension://abcdef", "abcdef", "same", false},
    {"capacitor://localhost", "localhost", "same", false},
    {"ws://example.com", "example.com", "same", false},
    {"HTTPS://example.com", "example.com", "same", true},
    {"https://example.com:0443", "example.com", "same", false},
    {"http://[::1]", "[::1]:80", "same", true},
    {"http://[2001:DB8::1]:8080", "[2001:db8::1]:8080", "same", true},
    {"http://[::1]:80", "[::2]:80", "same", false},
    {"http://[::1", "[::1", "same", false},
    {"http://::1", "::1", "same", false},
    {"http://example.com example.com", "example.com", "same", false},
    {"http://example.com, http://evil.com", "example.com", "same", false},
    {"http://anything", "example.com", "any", true},
    {"null", "example.com", "any", true},
    {"https://app.example.com", "example.com", "https://app.example.com", true},
    {"https://APP.example.com", "example.com", "https://app.example.com", true},
    {"http://app.example.com", "example.com", "https://app.example.com", false},
    {"https://app.example.com:444", "example.com", "https://app.example.com", false},
    {"https://app.example.com.evil.com", "example.com", "https://app.example.com", false},
    {"https://xapp.example.com", "example.com", "https://app.example.com", false},
    {"null", "example.com", "null", true},
};

TEST(OriginTest, Table) {
  for (const Row& row : kRows) {
    const std::vector<std::string> allowed = {row.rule};
    EXPECT_EQ(is_origin_allowed(row.origin, row.host, allowed), row.allowed)
        << row.origin << " at " << row.host << " by " << row.rule;
  }
}

// A page that came without TLS may have been written by anybody on the way.
TEST(OriginTest, OverTlsOnlyPagesOverTlsAreTheSame) {
  const std::vector<std::string> same = {"same"};
  EXPECT_TRUE(is_origin_allowed("https://example.com", "example.com", same, true));
  EXPECT_TRUE(is_origin_allowed("https://example.com", "example.com:443", same, true));
  EXPECT_FALSE(is_origin_allowed("http://example.com", "example.com", same, true));
  EXPECT_FALSE(is_origin_allowed("http://example.com:443", "example.com:443", same, true));
  const std::vector<std::string> listed = {"http://example.com"};
  EXPECT_TRUE(is_origin_allowed("http://example.com", "example.com", listed, true));
}

TEST(OriginTest, AnyOfSeveralRules) {
  const std::vector<std::string> allowed = {"https://a.example", "same", "https://b.example"};
  EXPECT_TRUE(is_origin_allowed("https://b.example", "x", allowed));
  EXPECT_TRUE(is_origin_allowed("https://x", "x", allowed));
  EXPECT_FALSE(is_origin_allowed("https://c.example", "x", allowed));
  EXPECT_FALSE(is_origin_allowed("https://x", "x", {}));
}

}  // namespace
}  // namespace ws
