#include "gateway/api/answer_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace api {
namespace {

void answer(AnswerQueue& queue, std::uint64_t serial, std::string_view text) {
  queue.text_of(serial).append(text);
  queue.answered(serial);
}

std::string take(AnswerQueue& queue) {
  std::string output(queue.output());
  queue.sent(output.size());
  return output;
}

TEST(AnswerQueue, KeepsTheOrder) {
  AnswerQueue queue;
  std::vector<std::uint64_t> serials;
  serials.reserve(10);
  for (int i = 0; i < 10; ++i) serials.push_back(queue.open({}));
  for (int i = 9; i > 0; --i)
    answer(queue, serials[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_EQ(take(queue), "");
  EXPECT_EQ(queue.size(), 10);
  answer(queue, serials[0], "0");
  EXPECT_EQ(take(queue), "0123456789");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.find(serials[3]), nullptr);
}

TEST(AnswerQueue, PlacesAreUsedAgain) {
  AnswerQueue queue;
  std::string expected;
  std::string output;
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t first = queue.open({});
    const std::uint64_t second = queue.open({});
    answer(queue, second, "b");
    EXPECT_EQ(queue.find(second), nullptr);
    answer(queue, first, "a");
    expected += "ab";
    output += take(queue);
  }
  EXPECT_EQ(output, expected);
}

TEST(AnswerQueue, JoinsLinesInOneChunk) {
  AnswerQueue queue;
  const std::uint64_t head = queue.open({.kind = Exchange::Kind::kStreamHead});
  const std::uint64_t one = queue.open({.kind = Exchange::Kind::kLine, .chunked = true});
  const std::uint64_t two = queue.open({.kind = Exchange::Kind::kLine, .chunked = true});
  const std::uint64_t end = queue.open({.kind = Exchange::Kind::kStreamEnd, .chunked = true});
  const std::uint64_t next = queue.open({});
  answer(queue, end, "0\r\n\r\n");
  answer(queue, two, "second line\n");
  answer(queue, head, "HEAD");
  answer(queue, one, "one\n");
  answer(queue, next, "NEXT");
  EXPECT_EQ(take(queue), "HEAD00000010\r\none\nsecond line\n\r\n0\r\n\r\nNEXT");
}

TEST(AnswerQueue, SendingEndsTheChunk) {
  AnswerQueue queue;
  const std::uint64_t one = queue.open({.kind = Exchange::Kind::kLine, .chunked = true});
  const std::uint64_t two = queue.open({.kind = Exchange::Kind::kLine, .chunked = true});
  answer(queue, one, "a");
  EXPECT_EQ(take(queue), "00000001\r\na\r\n");
  answer(queue, two, "bc");
  EXPECT_EQ(take(queue), "00000002\r\nbc\r\n");
}

TEST(AnswerQueue, PartialSends) {
  AnswerQueue queue;
  std::string sent;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::to_string(i) + std::string(1'000, 'x');
    answer(queue, queue.open({}), text);
    expected += text;
    const std::string_view output = queue.output();
    const std::string_view piece = output.substr(0, 700);
    sent.append(piece);
    queue.sent(piece.size());
    EXPECT_EQ(queue.output_size(), expected.size() - sent.size());
  }
  while (queue.output_size() != 0) {
    const std::string_view piece = queue.output().substr(0, 999);
    sent.append(piece);
    queue.sent(piece.size());
  }
  EXPECT_EQ(sent, expected);
}

}  // namespace
}  // namespace api
