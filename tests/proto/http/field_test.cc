#include "proto/http/field.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace http {
namespace {

TEST(FieldTest, TokenCharacters) {
  const std::string_view symbols = "!#$%&'*+-.^_`|~";
  for (int c = 0; c < 256; ++c) {
    const char character = static_cast<char>(c);
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool symbol = symbols.find(character) != std::string_view::npos;
    EXPECT_EQ(is_token_char(character), alphanumeric || symbol) << c;
  }
  EXPECT_TRUE(is_token("dunlin.v1"));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(FieldTest, TrimAndCase) {
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("\ta b "), "a b");
  EXPECT_EQ(trim("\r a"), "\r a");
  EXPECT_TRUE(equals_ignoring_case("WebSocket", "websocket"));
  EXPECT_FALSE(equals_ignoring_case("websocket", "websockets"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST(FieldTest, BearerCredentials) {
  EXPECT_EQ(bearer_credentials("Bearer key"), "key");
  EXPECT_EQ(bearer_credentials("bEARER   key"), "key");
  EXPECT_EQ(bearer_credentials("Bearer "), "");
  EXPECT_EQ(bearer_credentials("Bearer"), "");
  EXPECT_EQ(bearer_credentials("Bearerkey"), std::nullopt);
  EXPECT_EQ(bearer_credentials("Basic key"), std::nullopt);
  EXPECT_EQ(bearer_credentials(""), std::nullopt);
}

std::vector<std::string> elements_of(std::string_view value) {
  ListReader list(value);
  std::vector<std::string> elements;
  for (std::string_view element; list.next(element);) elements.emplace_back(element);
  return elements;
}

TEST(FieldTest, Lists) {
  using Elements = std::vector<std::string>;
  EXPECT_EQ(elements_of(""), Elements{});
  EXPECT_EQ(elements_of(" , ,\t"), Elements{});
  EXPECT_EQ(elements_of("a"), Elements{"a"});
  EXPECT_EQ(elements_of("a,b"), (Elements{"a", "b"}));
  EXPECT_EQ(elements_of(" a ,\tb c,, d,"), (Elements{"a", "b c", "d"}));
}

TEST(FieldTest, ListsOverSeveralLines) {
  const std::array<Header, 3> headers = {Header{"connection", "keep-alive, x"},
                                         Header{"other", "upgrade"},
                                         Header{"connection", "Upgrade"}};
  RequestHead head;
  head.headers = headers;
  EXPECT_TRUE(list_contains(head, "connection", "upgrade"));
  EXPECT_TRUE(list_contains(head, "connection", "keep-alive"));
  EXPECT_FALSE(list_contains(head, "connection", "keep"));
  EXPECT_FALSE(list_contains(head, "missing", "upgrade"));
}

}  // namespace
}  // namespace http
