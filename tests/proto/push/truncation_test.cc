// A request of which only a beginning is there is refused, even when the bytes behind that
// beginning, which parsers read in wide steps, happen to be its end.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "proto/push/body_parser.h"
#include "proto/push/client_protocol.h"
#include "proto/push/push_parser.h"

namespace push {
namespace {

constexpr std::string_view kPush =
    R"({"uids":["a","b\u00e9"],"data":{"k":[1,-2.5e3,true,null,{"x":"}]"}]},"wait":"written","ttl_ms":12})";

// Calls `attempt` with every beginning of `text`, each with the rest of `text` behind it, and with
// brackets behind it.
template <typename Attempt>
void for_each_beginning(std::string_view text, const Attempt& attempt) {
  for (std::size_t size = 0; size < text.size(); ++size) {
    for (const std::string_view behind : {text.substr(size), std::string_view("}}}}]]]]\"\"\"")}) {
      std::string bytes(text.substr(0, size));
      bytes.append(behind).append(kPadding, '}');
      attempt(PaddedText::promise(std::string_view(bytes).substr(0, size)));
    }
  }
}

TEST(TruncationTest, PushRequests) {
  PushParser parser;
  PushRequest request;
  std::string whole(kPush);
  ASSERT_TRUE(parser.parse(PaddedText::of(whole), {}, request));
  for_each_beginning(kPush, [&](PaddedText text) {
    EXPECT_FALSE(parser.parse(text, {}, request)) << text.view();
  });
}

TEST(TruncationTest, SmallBodies) {
  BodyParser parser;
  std::vector<std::string_view> texts;
  for_each_beginning(R"({"uids":["a","b"]})", [&](PaddedText text) {
    EXPECT_FALSE(parser.parse_list(text, {.name = "uids", .count_max = 9, .size_max = 9}, texts));
    EXPECT_FALSE(parser.check(text)) << text.view();
  });
  for_each_beginning(R"({"uid":"a\n"})", [&](PaddedText text) {
    EXPECT_FALSE(parser.parse_text(text, {.name = "uid", .size_max = 9})) << text.view();
  });
}

TEST(TruncationTest, ClientMessages) {
  ClientMessageParser parser;
  for (const std::string_view whole :
       {R"({"id":1,"login":{"uid":"u1"}})", R"({"ack":"m\u0031"})",
        R"({"id":4,"ping":{},"more":[{}]})",
        R"({"id":2,"subscribe":{"channel":"c","recover":{"epoch":"x","offset":14}}})"}) {
    for_each_beginning(whole, [&](PaddedText text) {
      EXPECT_FALSE(parser.parse(text, {})) << text.view();
      EXPECT_FALSE(parser.parse_bare_login(text, {})) << text.view();
    });
  }
}

}  // namespace
}  // namespace push
