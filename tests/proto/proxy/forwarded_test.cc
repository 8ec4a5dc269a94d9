#include "proto/proxy/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proxy {
namespace {

const std::vector<Network> kTrusted = {*parse_network("10.0.0.0/8"), *parse_network("fd00::/8")};

struct Lines {
  std::vector<http::Header> headers;
  http::RequestHead head() const {
    http::RequestHead head;
    head.headers = headers;
    return head;
  }
};

std::string client_of(const Forwarded& forwarded) {
  if (!forwarded.client) return "none";
  std::string text;
  if (forwarded.client->port != 0) text = std::to_string(forwarded.client->port) + '@';
  for (const char* known : {"192.0.2.1", "192.0.2.2", "10.0.0.1", "10.0.0.2", "2001:db8::1"}) {
    if (forwarded.client->ip == *parse_ip(known)) return text + known;
  }
  return "another";
}

struct Row {
  std::vector<const char*> lines;
  const char* client;
};

const Row kXForwardedFor[] = {
    {{}, "none"},
    {{""}, "none"},
    {{"192.0.2.1"}, "192.0.2.1"},
    {{"192.0.2.1:4711"}, "4711@192.0.2.1"},
    {{"2001:db8::1"}, "2001:db8::1"},
    {{"[2001:db8::1]:4711"}, "4711@2001:db8::1"},
    {{" 192.0.2.1 "}, "192.0.2.1"},
    // What stands left of the rightmost untrusted hop was sent by the client.
    {{"10.0.0.1, 192.0.2.1"}, "192.0.2.1"},
    {{"192.0.2.2, 192.0.2.1"}, "192.0.2.1"},
    {{"192.0.2.2,192.0.2.1"}, "192.0.2.1"},
    {{"192.0.2.2", "192.0.2.1"}, "192.0.2.1"},
    {{"192.0.2.1", "10.0.0.1"}, "192.0.2.1"},
    {{"192.0.2.2, 192.0.2.1, 10.0.0.1, 10.0.0.2"}, "192.0.2.1"},
    {{"192.0.2.2, 192.0.2.1", "10.0.0.1, fd00::1", "10.0.0.2"}, "192.0.2.1"},
    {{"::ffff:10.0.0.1, ::ffff:192.0.2.1"}, "192.0.2.1"},
    // All trusted: the leftmost of them.
    {{"10.0.0.2, 10.0.0.1"}, "10.0.0.2"},
    // What is no address ends the search.
    {{"192.0.2.1, unknown"}, "none"},
    {{"192.0.2.1, "}, "none"},
    {{"192.0.2.1", ""}, "none"},
    {{"192.0.2.1, unknown, 10.0.0.1"}, "10.0.0.1"},
    {{"192.0.2.1, <script>, 10.0.0.1"}, "10.0.0.1"},
    {{"\"192.0.2.1\""}, "none"},
};

TEST(ForwardedTest, XForwardedForTable) {
  for (const Row& row : kXForwardedFor) {
    Lines lines;
    std::string shown;
    for (const char* line : row.lines) {
      lines.headers.push_back({"x-forwarded-for", line});
      lines.headers.push_back({"accept", "192.0.2.2"});
      shown += std::string("| ") + line;
    }
    EXPECT_EQ(client_of(read_x_forwarded(lines.head(), kTrusted)), row.client) << shown;
  }
}

TEST(ForwardedTest, OnlyTheLastHopsAreLookedAt) {
  std::string hops;
  for (std::size_t i = 1; i < kHopsMax; ++i) hops += ",10.0.0.1";
  const std::string near = "192.0.2.1" + hops;
  const std::string far = "192.0.2.1,10.0.0.2" + hops;
  EXPECT_EQ(client_of(read_x_forwarded(Lines{{{"x-forwarded-for", near}}}.head(), kTrusted)),
            "192.0.2.1");
  EXPECT_EQ(client_of(read_x_forwarded(Lines{{{"x-forwarded-for", far}}}.head(), kTrusted)),
            "10.0.0.2");
}

TEST(ForwardedTest, XForwardedHostAndProto) {
  const auto read = [](std::vector<http::Header> headers) {
    return read_x_forwarded(Lines{std::move(headers)}.head(), kTrusted);
  };
  EXPECT_EQ(read({{"x-forwarded-host", "example.com"}}).host, "example.com");
  EXPECT_EQ(read({{"x-forwarded-host", "evil.com, example.com:8080"}}).host, "example.com:8080");
  EXPECT_EQ(read({{"x-forwarded-host", "a"}, {"x-forwarded-host", "b"}}).host, "b");
  EXPECT_EQ(read({{"x-forwarded-host", "user@example.com"}}).host, "");
  EXPECT_EQ(read({{"x-forwarded-host", ""}}).host, "");
  EXPECT_TRUE(read({{"x-forwarded-proto", "https"}}).secure);
  EXPECT_TRUE(read({{"x-forwarded-proto", "WSS"}}).secure);
  EXPECT_TRUE(read({{"x-forwarded-proto", "http, https"}}).secure);
  EXPECT_FALSE(read({{"x-forwarded-proto", "https, http"}}).secure);
  EXPECT_FALSE(read({{"x-forwarded-proto", "httpsx"}}).secure);
  EXPECT_FALSE(read({}).secure);
}

const Row kForwarded[] = {
    {{}, "none"},
    {{"for=192.0.2.1"}, "192.0.2.1"},
    {{"For=192.0.2.1"}, "192.0.2.1"},
    {{"for=\"192.0.2.1:4711\""}, "4711@192.0.2.1"},
    {{"for=\"[2001:db8::1]\""}, "2001:db8::1"},
    {{"for=\"[2001:db8::1]:4711\""}, "4711@2001:db8::1"},
    {{"for=192.0.2.1;proto=http;by=10.0.0.1"}, "192.0.2.1"},
    {{"proto=http; for=192.0.2.1 ; by=10.0.0.1"}, "192.0.2.1"},
    {{"for=192.0.2.2, for=192.0.2.1"}, "192.0.2.1"},
    {{"for=192.0.2.2, for=192.0.2.1, for=10.0.0.1"}, "192.0.2.1"},
    {{"for=192.0.2.1", "for=10.0.0.1", "for=10.0.0.2"}, "192.0.2.1"},
    {{"for=unknown"}, "none"},
    {{"for=_hidden, for=10.0.0.1"}, "10.0.0.1"},
    {{"by=192.0.2.1"}, "none"},
    {{"192.0.2.1"}, "none"},
    // A comma or semicolon in a quoted string separates nothing: a client may choose its host.
    {{"for=192.0.2.1;host=\"a, for=192.0.2.2\""}, "192.0.2.1"},
    {{"for=192.0.2.1;host=\"a;for=192.0.2.2;b\""}, "192.0.2.1"},
    {{"for=192.0.2.1;host=\"a\\\", for=192.0.2.2, b\""}, "192.0.2.1"},
    {{"host=\"a;for=192.0.2.2\""}, "none"},
    {{"for=192.0.2.1;for=192.0.2.2"}, "none"},
    {{"for=192.0.2.1;host=\"a"}, "none"},
    {{"for=192.0.2.1;host=\"a\\"}, "none"},
    {{"for=192.0.2.1;host=\"a\\\""}, "none"},
};

TEST(ForwardedTest, ForwardedTable) {
  for (const Row& row : kForwarded) {
    Lines lines;
    std::string shown;
    for (const char* line : row.lines) {
      lines.headers.push_back({"forwarded", line});
      lines.headers.push_back({"x-forwarded-for", "192.0.2.2"});
      shown += std::string("| ") + line;
    }
    EXPECT_EQ(client_of(read_forwarded(lines.head(), kTrusted)), row.client) << shown;
  }
}

TEST(ForwardedTest, HostAndProtoAreOfTheClientsHop) {
  const Lines lines{
      {{"forwarded",
        "for=192.0.2.2;host=evil.com;proto=http, for=192.0.2.1;host=\"example.com:8443\";"
        "proto=https, for=10.0.0.1;host=inner;proto=http"}}};
  const Forwarded forwarded = read_forwarded(lines.head(), kTrusted);
  EXPECT_EQ(client_of(forwarded), "192.0.2.1");
  EXPECT_EQ(forwarded.host, "example.com:8443");
  EXPECT_TRUE(forwarded.secure);
}

}  // namespace
}  // namespace proxy
