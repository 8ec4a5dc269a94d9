// What a page in a browser can make a browser send, and what must not come of it.
#include "gateway/api/page_guard.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/api/api_fixture.h"

namespace api {
namespace {

TEST(LoopbackHostTest, Table) {
  for (const char* host :
       {"localhost", "LOCALHOST:8081", "localhost.", "a.localhost", "127.0.0.1", "127.0.0.1:8081",
        "127.255.255.254", "[::1]", "[::1]:8081", "[0:0::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "evil.com", "localhost.evil.com", "notlocalhost", "127.0.0.1.evil.com", "128.0.0.1",
        "[::2]", "0.0.0.0", "[::]", "10.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "localhost..",
        "[::1].evil.com", "evil.com:127"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

class PageGuardTest : public ApiTest {
 protected:
  struct Request {
    std::string_view method = "POST";
    std::string_view target = "/v1/push/1";
    std::string fields;
    std::string_view host = "127.0.0.1:8081";
  };

  // The status, and the code if there is one; and what was pushed.
  std::string outcome(const Request& request) {
    const std::size_t pushed = dispatcher.payloads.size();
    std::string text;
    text.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(request.host).append("\r\n").append(request.fields);
    if (request.method == "POST") text.append("Content-Length: 1\r\n");
    text.append("\r\n");
    if (request.method == "POST") text.append("x");
    const auto answers = ask(text);
    if (answers.size() != 1) return "no answer";
    const bool refused = answers.front().status == 403;
    EXPECT_EQ(dispatcher.payloads.size() - pushed, refused || request.target == "/v1/stats" ? 0 : 1)
        << text;
    if (!refused) return std::to_string(answers.front().status);
    return answers.front().body.find("cross_site") != std::string::npos ? "cross_site"
                                                                        : "host_forbidden";
  }
};

TEST_F(PageGuardTest, WithoutKeysPagesAreKeptOut) {
  config.api.hosts = {};
  start();
  const std::string form = "Content-Type: text/plain\r\n";
  const std::string_view send = "/send?uid=1&message=a";
  // Backends say nothing of a page.
  EXPECT_EQ(outcome({.fields = form}), "200");
  EXPECT_EQ(outcome({.method = "GET", .target = send}), "200");
  EXPECT_EQ(outcome({.fields = form, .host = "localhost:8081"}), "200");
  EXPECT_EQ(outcome({.fields = form, .host = "[::1]:8081"}), "200");
  // Somebody types the address; a page of the API's own origin.
  EXPECT_EQ(outcome({.method = "GET", .target = send, .fields = "Sec-Fetch-Site: none\r\n"}),
            "200");
  EXPECT_EQ(outcome({.fields = form + "Origin: http://127.0.0.1:8081\r\n"
                                      "Sec-Fetch-Site: same-origin\r\n"}),
            "200");
  // A form or fetch() of another page; of another port of this machine; of a sandbox.
  for (const char* origin : {"https://evil.com", "http://127.0.0.1:3000", "http://localhost:8081",
                             "null", "file://", "http://127.0.0.1:8081.evil.com"}) {
    EXPECT_EQ(outcome({.fields = form + "Origin: " + origin + "\r\n"}), "cross_site") << origin;
  }
  // An image has no Origin; the browser tells in another field.
  for (const char* site : {"cross-site", "same-site", "Cross-Site", "something-new"}) {
    const std::string field = std::string("Sec-Fetch-Site: ") + site + "\r\n";
    EXPECT_EQ(outcome({.method = "GET", .target = send, .fields = field}), "cross_site") << site;
  }
  // What only tells is guarded, too.
  EXPECT_EQ(
      outcome({.method = "GET", .target = "/v1/stats", .fields = "Sec-Fetch-Site: cross-site\r\n"}),
      "cross_site");
}

// The page's own name points to this machine now: for the browser it is the same site.
TEST_F(PageGuardTest, WithoutKeysForeignNamesAreRefused) {
  config.api.hosts = {};
  start();
  for (const char* host : {"evil.com:8081", "localhost.evil.com", "10.0.0.1", "127.0.0.1.nip.io"}) {
    EXPECT_EQ(outcome({.fields = "Content-Type: text/plain\r\nSec-Fetch-Site: same-origin\r\n",
                       .host = host}),
              "host_forbidden")
        << host;
    EXPECT_EQ(outcome({.method = "GET", .target = "/v1/stats", .host = host}), "host_forbidden");
  }
  const auto health = ask("GET /healthz HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n");
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health.front().status, 200);  // A probe may ask by any name.
}

TEST_F(PageGuardTest, SettingsLoosenIt) {
  config.api.hosts = {"push.internal", "[fd00::1]"};
  config.api.origins = {"https://admin.example"};
  start();
  const std::string form = "Content-Type: text/plain\r\n";
  EXPECT_EQ(outcome({.fields = form, .host = "Push.Internal:8081"}), "200");
  EXPECT_EQ(outcome({.fields = form, .host = "[fd00::1]:8081"}), "200");
  EXPECT_EQ(outcome({.fields = form, .host = "other.internal"}), "host_forbidden");
  EXPECT_EQ(outcome({.fields = form + "Origin: https://admin.example\r\n"
                                      "Sec-Fetch-Site: cross-site\r\n"}),
            "200");
  EXPECT_EQ(outcome({.fields = form + "Origin: https://other.example\r\n"}), "cross_site");
  config.api.origins = {"any"};
  start();
  EXPECT_EQ(outcome({.fields = form + "Origin: null\r\nSec-Fetch-Site: cross-site\r\n"}), "200");
}

TEST_F(PageGuardTest, WithKeysTheKeyDecides) {
  config.api.hosts = {};
  config.api.keys = {"0123456789abcdef"};
  start();
  const std::string form = "Content-Type: text/plain\r\nX-API-Key: 0123456789abcdef\r\n";
  EXPECT_EQ(outcome({.fields = form, .host = "push.example"}), "200");
  EXPECT_EQ(outcome({.fields = form + "Origin: https://admin.example\r\n"}), "200");
  EXPECT_EQ(outcome({.fields = form + "Sec-Fetch-Site: cross-site\r\n"}), "cross_site");
}

// They come with every request of a browser that has one: its pages are still asked after, but
// under TLS no other name leads here.
TEST_F(PageGuardTest, WithClientCertificatesAnyNameServesAndPagesAreKeptOut) {
  config.api.hosts = {};
  config.api.client_ca = "ca.pem";
  start();
  const std::string form = "Content-Type: text/plain\r\n";
  EXPECT_EQ(outcome({.fields = form, .host = "push.internal:8081"}), "200");
  EXPECT_EQ(outcome({.fields = form + "Origin: https://evil.com\r\n", .host = "push.internal"}),
            "cross_site");
  EXPECT_EQ(outcome({.fields = form + "Sec-Fetch-Site: cross-site\r\n", .host = "push.internal"}),
            "cross_site");
}

// A head that repeats the one before it is not looked at again: one that differs is.
TEST_F(PageGuardTest, EachRequestOfAConnectionIsLookedAt) {
  config.api.hosts = {};
  start();
  const std::string good = "GET /send?uid=1&message=a HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string bad =
      "GET /send?uid=1&message=a HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil\r\n\r\n";
  const auto answers = ask(good + good + bad + good + bad);
  ASSERT_EQ(answers.size(), 5U);
  const int expected[] = {200, 200, 403, 200, 403};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(answers[i].status, expected[i]) << i;
}

}  // namespace
}  // namespace api
