// A head that repeats is compared, not parsed: what is said of it must be what parsing would say.
// One parser that keeps its connection is held against a new one for each head.
#include "proto/http/head_memo.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "proto/http/request_parser.h"
#include "tests/proto/support/splits.h"

namespace http {
namespace {

constexpr std::string_view kPost =
    "POST /v1/push?a=b HTTP/1.1\r\nHost: api:1\r\nAuthorization: Bearer key\r\n"
    "Content-Length: 07\r\nConnection: keep-alive\r\n\r\n";

struct Outcome {
  std::string text;
  bool repeated = false;
  bool failed = false;
};

std::string all_of(const RequestHead& head) {
  std::string text;
  for (const std::string_view part :
       {head.method_text, head.target, head.path, head.query, head.host}) {
    text.append(part).append("\n");
  }
  for (const Header& header : head.headers) {
    text.append(header.name).append(": ").append(header.value).append("\n");
  }
  return text + std::to_string(head.version_minor) + (head.keep_alive ? " keep" : " close") +
         (head.upgrade ? " upgrade" : "") + (head.chunked ? " chunked" : "") + " " +
         (head.content_length ? std::to_string(*head.content_length) : "none");
}

// A head, and the body it announces.
Outcome feed(RequestParser& parser, std::string_view head) {
  testing_support::Block block(head);
  dunlin::ConstBytes input = block.bytes();
  const std::string body(1000, 'b');
  Outcome outcome;
  for (;;) {
    const Step step = parser.next(input);
    if (const auto* complete = std::get_if<HeadComplete>(&step)) {
      outcome.repeated = complete->repeated;
      outcome.text = all_of(parser.head());
      const auto size = parser.head().content_length.value_or(0);
      input = dunlin::as_bytes(std::string_view(body).substr(0, size));
    } else if (const auto* error = std::get_if<HttpError>(&step)) {
      return {.text = std::string(error->code), .repeated = false, .failed = true};
    } else if (!std::holds_alternative<Body>(step)) {
      EXPECT_TRUE(std::holds_alternative<RequestComplete>(step)) << head;
      return outcome;
    }
  }
}

// Held against a parser that has seen nothing. Whether the head was recognised.
bool expect_same(RequestParser& kept, std::string_view head) {
  RequestParser fresh{Limits{}};
  const Outcome expected = feed(fresh, head);
  const Outcome outcome = feed(kept, head);
  EXPECT_EQ(outcome.text, expected.text) << head;
  EXPECT_EQ(outcome.failed, expected.failed) << head;
  return outcome.repeated;
}

std::string with_length(std::string_view digits) {
  std::string head(kPost);
  return head.replace(head.find("07"), 2, digits);
}

TEST(HeadMemoTest, OnlyTheLengthMayDiffer) {
  RequestParser kept{Limits{}};
  EXPECT_FALSE(expect_same(kept, kPost));
  EXPECT_FALSE(expect_same(kept, kPost));  // Learned now: most connections ask once.
  EXPECT_TRUE(expect_same(kept, kPost));
  EXPECT_TRUE(expect_same(kept, with_length("99")));
  EXPECT_TRUE(expect_same(kept, with_length("00")));
  EXPECT_FALSE(expect_same(kept, with_length("100")));
  EXPECT_TRUE(expect_same(kept, with_length("101")));
  EXPECT_FALSE(expect_same(kept, with_length("5")));
}

TEST(HeadMemoTest, NoOtherByteMay) {
  for (std::size_t at = 0; at + 4 < kPost.size(); ++at) {
    for (const char c : {'\0', '\t', ' ', '+', '-', '0', '9', ':', 'A', 'a', '\x7f', '\xff'}) {
      if (kPost[at] == '\r' || kPost[at] == '\n')
        continue;  // Where the head ends is another test's.
      std::string changed(kPost);
      changed[at] = c;
      RequestParser kept{Limits{}};
      for (int i = 0; i < 2; ++i) feed(kept, kPost);
      const bool recognised = expect_same(kept, changed);
      const bool in_length = at == kPost.find("07") || at == kPost.find("07") + 1;
      EXPECT_EQ(recognised, changed == kPost || (in_length && c >= '0' && c <= '9')) << changed;
    }
  }
}

TEST(HeadMemoTest, AHeadInPiecesIsNotRecognisedButTheSame) {
  testing_support::for_each_split(kPost, [](const testing_support::Chunks& chunks) {
    RequestParser kept{Limits{}};
    Outcome first = feed(kept, kPost);
    feed(kept, kPost);
    std::string heads;
    for (const std::string_view chunk : chunks) {
      testing_support::Block block(chunk);
      dunlin::ConstBytes input = block.bytes();
      if (std::holds_alternative<HeadComplete>(kept.next(input))) heads += all_of(kept.head());
    }
    EXPECT_EQ(heads, first.text) << testing_support::describe(chunks);
  });
}

}  // namespace
}  // namespace http
