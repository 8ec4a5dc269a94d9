// What a complete head says, field by field.
#include "proto/http/request_head.h"

#include <gtest/gtest.h>

#include "tests/proto/support/requests.h"

namespace http {
namespace {

template <typename Check>
void with_head(std::string_view wire, const Check& check) {
  testing_support::for_each_split(wire, [&](const testing_support::Chunks& chunks) {
    testing_support::RequestLog log;
    for (const std::string_view chunk : chunks) log.feed(chunk);
    ASSERT_FALSE(log.lines().empty());
    ASSERT_TRUE(log.lines()[0].starts_with("head")) << log.lines()[0];
    check(log.parser().head());
  });
}

TEST(RequestHeadTest, HeadersInOrderWithTrimmedValues) {
  with_head(
      "GET / HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Blank: \t \r\nX-A:  a b\t\r\nx-a:second\r\n\r\n",
      [](const RequestHead& head) {
        ASSERT_EQ(head.headers.size(), 5u);
        EXPECT_EQ(head.headers[0].name, "host");
        EXPECT_EQ(head.headers[1].value, "");
        EXPECT_EQ(head.headers[2].value, "");
        EXPECT_EQ(head.headers[3].value, "a b");
        EXPECT_EQ(head.headers[4].value, "second");
        EXPECT_EQ(head.header("x-a"), "a b");
        EXPECT_EQ(head.header_count("x-a"), 2u);
        EXPECT_EQ(head.header("x-none"), "");
        EXPECT_EQ(head.header_count("x-none"), 0u);
      });
}

TEST(RequestHeadTest, SpecialHeadersKeepTheirValues) {
  with_head(
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: a/1, b\r\n"
      "Content-Length:  12 \r\nConnectionX: y\r\nContent-Type: t\r\nProxy-Connection: p\r\n\r\n",
      [](const RequestHead& head) {
        EXPECT_EQ(head.header("connection"), "keep-alive, Upgrade");
        EXPECT_EQ(head.header("upgrade"), "a/1, b");
        EXPECT_EQ(head.header("content-length"), "12");
        EXPECT_EQ(head.header("connectionx"), "y");
        EXPECT_EQ(head.header("content-type"), "t");
        EXPECT_EQ(head.header("proxy-connection"), "p");
        EXPECT_EQ(head.content_length, 12u);
        EXPECT_TRUE(head.upgrade);
      });
}

struct MethodRow {
  const char* text;
  Method method;
};

TEST(RequestHeadTest, Methods) {
  const MethodRow rows[] = {
      {"GET", Method::kGet},         {"HEAD", Method::kHead},     {"POST", Method::kPost},
      {"PUT", Method::kPut},         {"DELETE", Method::kDelete}, {"PATCH", Method::kPatch},
      {"OPTIONS", Method::kOptions}, {"TRACE", Method::kOther},   {"PROPFIND", Method::kOther},
      {"M-SEARCH", Method::kOther},
  };
  for (const MethodRow& row : rows) {
    with_head(std::string(row.text) + " / HTTP/1.1\r\nHost: h\r\n\r\n",
              [&](const RequestHead& head) {
                EXPECT_EQ(head.method, row.method) << row.text;
                EXPECT_EQ(head.method_text, row.text);
              });
  }
}

TEST(RequestHeadTest, AbsoluteTargetReplacesHost) {
  with_head("GET http://other:81/a?b HTTP/1.1\r\nHost: h\r\n\r\n", [](const RequestHead& head) {
    EXPECT_EQ(head.target, "http://other:81/a?b");
    EXPECT_EQ(head.path, "/a");
    EXPECT_EQ(head.query, "b");
    EXPECT_EQ(head.host, "other:81");
  });
  with_head("GET /a HTTP/1.1\r\nHost: h:80\r\n\r\n",
            [](const RequestHead& head) { EXPECT_EQ(head.host, "h:80"); });
}

struct IntentRow {
  const char* lines;
  int version_minor;
  bool keep_alive;
  bool upgrade;
  bool expect_continue;
};

TEST(RequestHeadTest, Intentions) {
  const IntentRow rows[] = {
      {"", 1, true, false, false},
      {"", 0, false, false, false},
      {"Connection: close\r\n", 1, false, false, false},
      {"Connection: Close\r\n", 1, false, false, false},
      {"Connection: foo, close\r\n", 1, false, false, false},
      {"Connection: foo\r\nConnection: close\r\n", 1, false, false, false},
      {"Connection: closed\r\n", 1, true, false, false},
      {"Connection: keep-alive\r\n", 0, true, false, false},
      {"Connection: keep-alive, close\r\n", 0, false, false, false},
      {"Connection: upgrade\r\nUpgrade: x\r\n", 1, true, true, false},
      {"Upgrade: x\r\n", 1, true, false, false},
      {"Connection: upgrade\r\n", 1, true, false, false},
      {"Expect: 100-continue\r\n", 1, true, false, true},
      {"Expect: 100-Continue\r\n", 1, true, false, true},
      {"Expect: 100-continue\r\n", 0, false, false, false},
      {"Expect: other\r\n", 1, true, false, false},
  };
  for (const IntentRow& row : rows) {
    const std::string wire = "GET / HTTP/1." + std::to_string(row.version_minor) +
                             "\r\nHost: h\r\n" + row.lines + "\r\n";
    with_head(wire, [&](const RequestHead& head) {
      EXPECT_EQ(head.version_minor, row.version_minor) << wire;
      EXPECT_EQ(head.keep_alive, row.keep_alive) << wire;
      EXPECT_EQ(head.upgrade, row.upgrade) << wire;
      EXPECT_EQ(head.expect_continue, row.expect_continue) << wire;
      EXPECT_FALSE(head.chunked);
      EXPECT_EQ(head.content_length, std::nullopt);
    });
  }
}

}  // namespace
}  // namespace http
