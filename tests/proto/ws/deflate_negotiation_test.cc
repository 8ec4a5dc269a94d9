#include "proto/ws/deflate_negotiation.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ws {
namespace {

constexpr DeflatePolicy kNoTakeover{};
constexpr DeflatePolicy kTakeover{.server_context_takeover = true, .client_context_takeover = true};
constexpr DeflatePolicy kSmall{.server_window_bits = 12, .client_window_bits = 10};

std::optional<DeflateAgreement> negotiate(std::vector<http::Header> headers,
                                          const DeflatePolicy& policy) {
  http::RequestHead head;
  head.headers = headers;
  return negotiate_deflate(head, policy);
}

std::optional<DeflateAgreement> negotiate(std::string_view offers, const DeflatePolicy& policy) {
  return negotiate({{"sec-websocket-extensions", offers}}, policy);
}

// Our answer, or "none".
std::string answer(std::string_view offers, const DeflatePolicy& policy = kTakeover) {
  const auto agreed = negotiate(offers, policy);
  return agreed ? agreed->response : "none";
}

struct Row {
  const char* rule;
  const char* offers;
  const char* expected;
  DeflatePolicy policy = kTakeover;
};

TEST(DeflateNegotiationTest, Offers) {
  const Row rows[] = {
      {"7.1 nothing asked", "permessage-deflate", "permessage-deflate"},
      {"6455 9.1 other extensions", "x-webkit-deflate-frame, foo; a=1", "none"},
      {"names are compared byte for byte", "Permessage-Deflate", "none"},
      {"the first acceptable one",
       "foo, permessage-deflate; server_max_window_bits=10, "
       "permessage-deflate",
       "permessage-deflate; server_max_window_bits=10"},
      {"a declined one, then a good one",
       "permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"},
      {"parameters of another extension", "foo; server_max_window_bits=10, permessage-deflate",
       "permessage-deflate"},
      {"7.1.1 our policy", "permessage-deflate",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover", kNoTakeover},
      {"7.1.1.1 confirmed", "permessage-deflate; server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover"},
      {"7.1.1.2 taken at its word", "permessage-deflate; client_no_context_takeover",
       "permessage-deflate; client_no_context_takeover"},
      {"7.1.2.1 confirmed", "permessage-deflate; server_max_window_bits=15",
       "permessage-deflate; server_max_window_bits=15"},
      {"7.1.2.1 never more than asked", "permessage-deflate; server_max_window_bits=9",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=9",
       kSmall},
      {"7.1.2.1 nor more than ours", "permessage-deflate; server_max_window_bits=14",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=12",
       kSmall},
      {"7.1.2.1 zlib has no 8", "permessage-deflate; server_max_window_bits=8", "none"},
      {"7.1.2.2 only when offered", "permessage-deflate",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover", kSmall},
      {"7.1.2.2 without a value", "permessage-deflate; client_max_window_bits",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "client_max_window_bits=10",
       kSmall},
      {"7.1.2.2 with one", "permessage-deflate; client_max_window_bits=9",
       "permessage-deflate; client_max_window_bits=9"},
      {"7.1.2.2 8 is what we can read", "permessage-deflate; client_max_window_bits=8",
       "permessage-deflate; client_max_window_bits=8"},
      {"quoted", "permessage-deflate; server_max_window_bits=\"10\"",
       "permessage-deflate; server_max_window_bits=10"},
      {"all of them",
       "permessage-deflate; client_max_window_bits; server_max_window_bits=13; "
       "client_no_context_takeover; server_no_context_takeover",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=13; client_max_window_bits=15"},

      {"7.1 unknown parameter", "permessage-deflate; foo", "none"},
      {"unknown with a value", "permessage-deflate; constructor=1", "none"},
      {"parameter names are compared byte for byte",
       "permessage-deflate; Server_No_Context_Takeover", "none"},
      {"doubled flag", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
       "none"},
      {"doubled bits", "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
       "none"},
      {"doubled client bits", "permessage-deflate; client_max_window_bits; client_max_window_bits",
       "none"},
      {"doubled client bits, one valued",
       "permessage-deflate; client_max_window_bits; client_max_window_bits=10", "none"},
      {"a flag with a value", "permessage-deflate; server_no_context_takeover=true", "none"},
      {"a client flag with a value", "permessage-deflate; client_no_context_takeover=1", "none"},
      {"server bits need one", "permessage-deflate; server_max_window_bits", "none"},
      {"escapes in a quoted value", "permessage-deflate; server_max_window_bits=\"1\\0\"", "none"},
  };
  for (const Row& row : rows) EXPECT_EQ(answer(row.offers, row.policy), row.expected) << row.rule;
}

TEST(DeflateNegotiationTest, ValuesOfWindowBits) {
  for (const char* name : {"server_max_window_bits", "client_max_window_bits"}) {
    for (const char* value : {"08", "010", "1e1", "7", "16", "0", "-9", "+9", "9.0", "0x9", "265",
                              "99999999999999999999", "9x", "x"}) {
      EXPECT_EQ(answer("permessage-deflate; " + std::string(name) + "=" + value), "none") << value;
    }
    for (int bits = 9; bits <= 15; ++bits) {
      const std::string offer =
          "permessage-deflate; " + std::string(name) + "=" + std::to_string(bits);
      EXPECT_EQ(answer(offer), offer);
    }
  }
}

TEST(DeflateNegotiationTest, WhatIsAgreedIsWhatIsAnswered) {
  const auto agreed = negotiate(
      "permessage-deflate; server_max_window_bits=11; client_max_window_bits",
      {.client_context_takeover = true, .server_window_bits = 15, .client_window_bits = 10});
  ASSERT_TRUE(agreed);
  EXPECT_FALSE(agreed->server_context_takeover);
  EXPECT_TRUE(agreed->client_context_takeover);
  EXPECT_EQ(agreed->server_window_bits, 11);
  EXPECT_EQ(agreed->client_window_bits, 10);
}

// 7.1.2.2: a client that cannot be told may use all 15.
TEST(DeflateNegotiationTest, AClientThatDoesNotKnowItsParameterIsNotLimited) {
  const auto agreed = negotiate("permessage-deflate", kSmall);
  ASSERT_TRUE(agreed);
  EXPECT_EQ(agreed->client_window_bits, 15);
  EXPECT_EQ(agreed->server_window_bits, 12);
}

// RFC 6455 9.1: several lines are one list.
TEST(DeflateNegotiationTest, OffersOverSeveralLines) {
  constexpr std::string_view kField = "sec-websocket-extensions";
  const auto agreed = negotiate({{kField, "permessage-deflate; foo"},
                                 {"host", "permessage-deflate; server_max_window_bits=9"},
                                 {kField, "permessage-deflate; server_max_window_bits=10"},
                                 {kField, "permessage-deflate"}},
                                kTakeover);
  ASSERT_TRUE(agreed);
  EXPECT_EQ(agreed->response, "permessage-deflate; server_max_window_bits=10");
  EXPECT_FALSE(negotiate_deflate({}, kTakeover));
}

TEST(DeflateNegotiationTest, ManyOffersCostWhatTheyAreLong) {
  std::string offers;
  for (int i = 0; i < 100'000; ++i) offers += "permessage-deflate; server_max_window_bits=8, ";
  EXPECT_EQ(answer(offers), "none");
  EXPECT_EQ(answer(offers + "permessage-deflate"), "permessage-deflate");
}

}  // namespace
}  // namespace ws
