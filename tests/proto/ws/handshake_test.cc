#include "proto/ws/handshake.h"

#include <gtest/gtest.h>

#include <vector>

#include "proto/ws/handshake_key.h"
#include "tests/proto/support/requests.h"

namespace ws {
namespace {

using testing_support::Lines;

constexpr std::string_view kRfcKey = "dGhlIHNhbXBsZSBub25jZQ==";

// The request of section 1.2, without what a row puts in place of its lines.
constexpr std::string_view kGet = "GET /chat HTTP/1.1\r\n";
constexpr std::string_view kHost = "Host: server.example.com\r\n";
constexpr std::string_view kUpgrade = "Upgrade: websocket\r\n";
constexpr std::string_view kConnection = "Connection: Upgrade\r\n";
constexpr std::string_view kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kVersion = "Sec-WebSocket-Version: 13\r\n";

std::string join(std::initializer_list<std::string_view> lines) {
  std::string request;
  for (const std::string_view line : lines) request += line;
  return request + "\r\n";
}

std::string good_with(std::string_view lines) {
  return join({kGet, kHost, kUpgrade, kConnection, kKey, kVersion, lines});
}

const std::vector<std::string> kSubprotocols = {"dunlin.v1", "chat"};
const std::vector<std::string> kOrigins = {"same", "https://app.example"};

// The subprotocol in parentheses, or the rejection, or what the parser said before.
std::string outcome_of(std::string_view request) {
  testing_support::RequestLog log;
  log.feed(request);
  if (log.lines().empty()) return "nothing";
  if (!log.lines().front().starts_with("head")) return log.lines().front();
  const auto outcome = accept_handshake(log.parser().head(), {kSubprotocols, kOrigins});
  if (const auto* rejected = std::get_if<Rejected>(&outcome)) {
    return std::to_string(rejected->status) + ' ' + std::string(rejected->code);
  }
  return '(' + std::get<Accepted>(outcome).subprotocol + ')';
}

struct Row {
  const char* rule;
  std::string request;
  const char* expected;
};

TEST(HandshakeTest, Requests) {
  const std::string body_line = "Content-Length: 5\r\n";
  const Row rows[] = {
      {"1.2 the example", good_with(""), "()"},
      {"4.2.1 HTTP/1.0", join({"GET / HTTP/1.0\r\n", kHost, kUpgrade, kConnection, kKey, kVersion}),
       "505 http_version"},
      {"4.2.1 POST", join({"POST / HTTP/1.1\r\n", kHost, kUpgrade, kConnection, kKey, kVersion}),
       "405 method_not_allowed"},
      {"4.2.1 HEAD", join({"HEAD / HTTP/1.1\r\n", kHost, kUpgrade, kConnection, kKey, kVersion}),
       "405 method_not_allowed"},
      {"4.2.1 absolute target",
       join({"GET ws://a/b HTTP/1.1\r\n", kHost, kUpgrade, kConnection, kKey, kVersion}), "()"},
      {"4.2.1 no Host", join({kGet, kUpgrade, kConnection, kKey, kVersion}), "error 400 bad_host"},
      {"4.2.1 two Hosts", join({kGet, kHost, kHost, kUpgrade, kConnection, kKey, kVersion}),
       "error 400 bad_host"},
      {"4.2.1 no Upgrade", join({kGet, kHost, kConnection, kKey, kVersion}),
       "426 upgrade_required"},
      {"4.2.1 no Connection", join({kGet, kHost, kUpgrade, kKey, kVersion}),
       "426 upgrade_required"},
      {"a plain page request", join({kGet, kHost}), "426 upgrade_required"},
      {"4.2.1 Upgrade in capitals",
       join({kGet, kHost, "UPGRADE: WebSocket\r\n", kConnection, kKey, kVersion}), "()"},
      {"4.2.1 Upgrade with others",
       join({kGet, kHost, "Upgrade: foo, websocket\r\n", kConnection, kKey, kVersion}), "()"},
      {"4.2.1 Upgrade on its own line",
       join({kGet, kHost, "Upgrade: foo\r\n", kUpgrade, kConnection, kKey, kVersion}), "()"},
      {"4.2.1 Upgrade to h2c", join({kGet, kHost, "Upgrade: h2c\r\n", kConnection, kKey, kVersion}),
       "426 upgrade_required"},
      {"4.2.1 Upgrade only resembles",
       join({kGet, kHost, "Upgrade: websockets\r\n", kConnection, kKey, kVersion}),
       "426 upgrade_required"},
      {"4.2.1 Connection as Firefox sends it",
       join({kGet, kHost, kUpgrade, "Connection: keep-alive, Upgrade\r\n", kKey, kVersion}), "()"},
      {"4.2.1 Connection in small letters over two lines",
       join({kGet, kHost, kUpgrade, "Connection: keep-alive\r\nconnection: upgrade\r\n", kKey,
             kVersion}),
       "()"},
      {"4.2.1 Connection only resembles",
       join({kGet, kHost, kUpgrade, "Connection: notupgrade\r\n", kKey, kVersion}),
       "426 upgrade_required"},
      {"a body with a length", good_with(body_line) + "hello", "400 unexpected_body"},
      {"an empty body is none", good_with("Content-Length: 0\r\n"), "()"},
      {"a chunked body", good_with("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
       "400 unexpected_body"},
      {"both lengths", good_with(body_line + "Transfer-Encoding: chunked\r\n"),
       "error 400 ambiguous_length"},
      {"4.2.1 no version", join({kGet, kHost, kUpgrade, kConnection, kKey}),
       "400 bad_websocket_version"},
      {"4.2.1 version twice", good_with(kVersion), "400 bad_websocket_version"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome_of(row.request), row.expected) << row.rule;
}

TEST(HandshakeTest, Versions) {
  for (const char* version : {"12", "8", "0", "013", "+13", "0x0d", "13.0", "13, 8", "13,13", "1 3",
                              "thirteen", "255", ""}) {
    const std::string line = "Sec-WebSocket-Version: " + std::string(version) + "\r\n";
    EXPECT_EQ(outcome_of(join({kGet, kHost, kUpgrade, kConnection, kKey, line})),
              "426 websocket_version")
        << version;
  }
}

TEST(HandshakeTest, Keys) {
  const std::pair<const char*, bool> rows[] = {
      {"dGhlIHNhbXBsZSBub25jZQ==", true},
      {"AAAAAAAAAAAAAAAAAAAAAA==", true},
      {"//////////////////////==", true},
      {"+/+/+/+/+/+/+/+/+/+/+w==", true},
      {"AAAAAAAAAAAAAAAAAAAAAB==", true},  // Bits to spare that are not zero.
      {"", false},
      {"AAAAAAAAAAAAAAAAAAAAAA=", false},
      {"AAAAAAAAAAAAAAAAAAAAAA", false},
      {"AAAAAAAAAAAAAAAAAAAAAAA=", false},  // 17 bytes
      {"AAAAAAAAAAAAAAAAAAAAAAAA", false},  // 18 bytes
      {"AAAAAAAAAAAAAAAAAAAA====", false},
      {"AAAAAAAAAAAAAAAAAAAAA===", false},
      {"AAAAAAAAAAA=AAAAAAAAAA==", false},
      {"AAAAAAAAAAAAAAAAAAAA-_==", false},  // The URL alphabet.
      {"AAAAAAAAAAAAAAAAAAAA A==", false},
      {"AAAAAAAAAAAAAAAAAAAAAA==AAAA", false},
      {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", false},
      {"x", false},
  };
  for (const auto& [key, valid] : rows) {
    const std::string line = "Sec-WebSocket-Key: " + std::string(key) + "\r\n";
    EXPECT_EQ(outcome_of(join({kGet, kHost, kUpgrade, kConnection, line, kVersion})),
              valid ? "()" : "400 bad_websocket_key")
        << key;
  }
  EXPECT_EQ(outcome_of(good_with(kKey)), "400 bad_websocket_key");
  EXPECT_EQ(outcome_of(join({kGet, kHost, kUpgrade, kConnection, kVersion})),
            "400 bad_websocket_key");
}

TEST(HandshakeTest, Subprotocols) {
  const std::pair<const char*, const char*> rows[] = {
      {"Sec-WebSocket-Protocol: chat\r\n", "(chat)"},
      {"Sec-WebSocket-Protocol: superchat, chat\r\n", "(chat)"},
      {"Sec-WebSocket-Protocol: chat, dunlin.v1\r\n", "(chat)"},  // The client's order.
      {"Sec-WebSocket-Protocol: dunlin.v1,chat\r\n", "(dunlin.v1)"},
      {"Sec-WebSocket-Protocol: other\r\nSec-WebSocket-Protocol: chat\r\n", "(chat)"},
      {"Sec-WebSocket-Protocol: other\r\n", "()"},
      {"Sec-WebSocket-Protocol: Chat\r\n", "()"},  // Names are case-sensitive.
      {"Sec-WebSocket-Protocol: constructor\r\n", "()"},
      {"Sec-WebSocket-Protocol: chat,,other\r\n", "(chat)"},
      {"Sec-WebSocket-Protocol: \t chat \t\r\n", "(chat)"},
      {"Sec-WebSocket-Protocol:\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: ,\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: a b\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: chat;q=1\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: \"chat\"\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: caf\xc3\xa9\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: chat, chat\r\n", "400 bad_subprotocols"},
      {"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n", "400 bad_subprotocols"},
  };
  for (const auto& [lines, expected] : rows) {
    EXPECT_EQ(outcome_of(good_with(lines)), expected) << lines;
  }
}

TEST(HandshakeTest, SubprotocolOffersAreBounded) {
  std::string line = "Sec-WebSocket-Protocol: p0";
  for (int i = 1; i < 32; ++i) line += ",p" + std::to_string(i);
  EXPECT_EQ(outcome_of(good_with(line + "\r\n")), "()");
  EXPECT_EQ(outcome_of(good_with(line + ",p32\r\n")), "400 bad_subprotocols");
}

TEST(HandshakeTest, Extensions) {
  const std::pair<const char*, const char*> rows[] = {
      {"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n", "()"},
      {"Sec-WebSocket-Extensions: a; b=\"c\"\r\nSec-WebSocket-Extensions: d\r\n", "()"},
      {"Sec-WebSocket-Extensions: a;\r\n", "400 bad_extensions"},
      {"Sec-WebSocket-Extensions: a; b=\"c\r\n", "400 bad_extensions"},
      {"Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: ;\r\n", "400 bad_extensions"},
      {"Sec-WebSocket-Extensions:\r\n", "400 bad_extensions"},
  };
  for (const auto& [lines, expected] : rows) {
    EXPECT_EQ(outcome_of(good_with(lines)), expected) << lines;
  }
}

TEST(HandshakeTest, Origins) {
  const std::pair<const char*, const char*> rows[] = {
      {"Origin: http://server.example.com\r\n", "()"},
      {"Origin: https://server.example.com:443\r\n", "()"},
      {"Origin: https://app.example\r\n", "()"},
      {"Origin: https://evil.example\r\n", "403 origin_not_allowed"},
      {"Origin: null\r\n", "403 origin_not_allowed"},
      {"Origin:\r\n", "403 origin_not_allowed"},
      {"Origin: https://app.example\r\nOrigin: https://app.example\r\n", "400 bad_origin"},
  };
  for (const auto& [lines, expected] : rows) {
    EXPECT_EQ(outcome_of(good_with(lines)), expected) << lines;
  }
}

std::string response_of(std::string_view request) {
  testing_support::RequestLog log;
  log.feed(request);
  auto outcome = accept_handshake(log.parser().head(), {kSubprotocols, kOrigins});
  return std::get<Accepted>(outcome).response;
}

TEST(HandshakeTest, TheWholeResponse) {
  EXPECT_EQ(response_of(good_with("")),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_EQ(response_of(good_with("Sec-WebSocket-Protocol: x, chat\r\n")),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: chat\r\n\r\n");
}

TEST(HandshakeTest, AcceptValueOfTheRfc) {
  const auto value = accept_value(kRfcKey);
  EXPECT_EQ(std::string_view(value.data(), value.size()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(HandshakeTest, FramesBehindTheRequestAreLeft) {
  const std::string request = good_with("");
  const std::string wire = request + std::string("\x81\x80\x00\x00\x00\x00", 6);
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    http::RequestParser parser{http::Limits{}};
    dunlin::ConstBytes input = dunlin::as_bytes(wire).first(cut);
    http::Step step = parser.next(input);
    EXPECT_TRUE(input.empty());
    input = dunlin::as_bytes(wire).subspan(cut);
    if (cut < request.size()) step = parser.next(input);
    ASSERT_TRUE(std::holds_alternative<http::HeadComplete>(step)) << cut;
    ASSERT_TRUE(std::holds_alternative<http::RequestComplete>(parser.next(input))) << cut;
    EXPECT_EQ(input.size(), 6u) << cut;
  }
}

TEST(HandshakeTest, WantsAWebSocket) {
  const auto wants = [](std::string_view request) {
    testing_support::RequestLog log;
    log.feed(request);
    return is_websocket_upgrade(log.parser().head());
  };
  EXPECT_TRUE(wants(good_with("")));
  EXPECT_TRUE(wants(join({kGet, kHost, kUpgrade})));
  EXPECT_TRUE(wants(join({kGet, kHost, kKey})));
  EXPECT_FALSE(wants(join({kGet, kHost})));
  EXPECT_FALSE(wants(join({kGet, kHost, "Upgrade: h2c\r\n", kConnection})));
}

TEST(HandshakeTest, Rejections) {
  EXPECT_EQ(rejection_response(400, "bad_host", "No."),
            "HTTP/1.1 400 Bad Request\r\n"
            "Connection: close\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 46\r\n\r\n"
            "{\"error\":{\"code\":\"bad_host\",\"message\":\"No.\"}}\n");
  EXPECT_EQ(rejection_response(426, "a", "b"),
            "HTTP/1.1 426 Upgrade Required\r\n"
            "Connection: close, Upgrade\r\n"
            "Upgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: 37\r\n\r\n"
            "{\"error\":{\"code\":\"a\",\"message\":\"b\"}}\n");
  const std::string refused = rejection_response(503, "full", "x", "Retry-After: 5\r\n");
  EXPECT_NE(refused.find("\r\nRetry-After: 5\r\n"), std::string::npos);
  EXPECT_NE(rejection_response(405, "m", "").find("\r\nAllow: GET\r\n"), std::string::npos);
  EXPECT_NE(rejection_response(400, "m", "a\"b\\c\n").find(R"("a\"b\\c\u000a")"),
            std::string::npos);
}

}  // namespace
}  // namespace ws
