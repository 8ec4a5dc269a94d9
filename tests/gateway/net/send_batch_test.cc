#include "gateway/net/send_batch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace {

using net::SendBatch;
using net::SendOperation;

class Pair {
 public:
  Pair() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_.data()), 0);
  }
  ~Pair() {
    close(fds_[0]);
    close_reader();
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] int sender() const { return fds_[0]; }
  void close_reader() {
    if (fds_[1] >= 0) close(std::exchange(fds_[1], -1));
  }
  std::string received() {
    std::string all;
    std::array<char, 4'096> buffer{};
    for (;;) {
      const ssize_t size = read(fds_[1], buffer.data(), buffer.size());
      if (size <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  std::array<int, 2> fds_{-1, -1};
};

iovec part(const std::string& text) { return {const_cast<char*>(text.data()), text.size()}; }

class SendBatchTest : public testing::TestWithParam<SendBatch::Mode> {
 protected:
  void SetUp() override {
    if (GetParam() == SendBatch::Mode::kIoUring && !net::io_uring_works()) {
      GTEST_SKIP() << "no io_uring here";
    }
  }
  SendBatch batch_{GetParam()};
};

TEST_P(SendBatchTest, IsInTheModeThatWasAskedFor) { EXPECT_EQ(batch_.mode(), GetParam()); }

TEST_P(SendBatchTest, NothingToSend) { batch_.send({}); }

TEST_P(SendBatchTest, OneOfEachKind) {
  Pair whole;
  Pair parted;
  Pair broken;
  Pair partial;
  Pair full;
  broken.close_reader();
  const std::string hello = "hello";
  const std::string world = " world";
  const std::string large(4 << 20, 'l');
  {
    const iovec filling = part(large);
    SendOperation fill{.fd = full.sender(), .parts = &filling, .parts_count = 1};
    while (fill.result = -1, batch_.send({&fill, 1}), fill.result > 0) {
    }
    ASSERT_EQ(fill.result, 0);  // It would have blocked.
  }
  const std::array<iovec, 2> both{part(hello), part(world)};
  const std::array<iovec, 2> much{part(hello), part(large)};
  std::array<SendOperation, 6> operations{{
      {.tag = 0, .fd = whole.sender(), .parts = both.data(), .parts_count = 1},
      {.tag = 1, .fd = parted.sender(), .parts = both.data(), .parts_count = 2},
      {.tag = 2, .fd = broken.sender(), .parts = both.data(), .parts_count = 1},
      {.tag = 3, .fd = partial.sender(), .parts = much.data(), .parts_count = 2},
      {.tag = 4, .fd = full.sender(), .parts = both.data(), .parts_count = 2},
      {.tag = 5, .fd = -1, .parts = both.data(), .parts_count = 1},
  }};
  batch_.send(operations);
  EXPECT_EQ(operations[0].result, 5);
  EXPECT_EQ(whole.received(), "hello");
  EXPECT_EQ(operations[1].result, 11);
  EXPECT_EQ(parted.received(), "hello world");
  EXPECT_EQ(operations[2].result, -EPIPE);
  EXPECT_GT(operations[3].result, 5);
  EXPECT_LT(operations[3].result, 4 << 20);
  EXPECT_EQ(partial.received().size(), static_cast<std::size_t>(operations[3].result));
  EXPECT_EQ(operations[4].result, 0);
  EXPECT_EQ(operations[5].result, -EBADF);
}

TEST_P(SendBatchTest, MoreThanOneSubmission) {
  for (const std::size_t count : {2U, 255U, 256U, 257U, 258U, 600U}) {
    std::vector<Pair> pairs(std::min<std::size_t>(count, 50));
    std::vector<std::string> texts;
    std::vector<std::string> expected(pairs.size());
    texts.reserve(count);
    std::vector<iovec> parts;
    parts.reserve(count);
    std::vector<SendOperation> operations;
    for (std::uint32_t i = 0; i < count; ++i) {
      texts.push_back("<" + std::to_string(i) + ">");
      parts.push_back(part(texts.back()));
      expected[i % pairs.size()] += texts.back();
      operations.push_back({.tag = i,
                            .fd = pairs[i % pairs.size()].sender(),
                            .parts = &parts.back(),
                            .parts_count = 1});
    }
    batch_.send(operations);
    for (const SendOperation& operation : operations) {
      ASSERT_EQ(operation.result, static_cast<std::int64_t>(texts[operation.tag].size()));
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) EXPECT_EQ(pairs[i].received(), expected[i]);
  }
}

TEST_P(SendBatchTest, IsUsedAgainAndAgain) {
  Pair one;
  Pair two;
  Pair gone;
  gone.close_reader();
  const std::string text = "text";
  const iovec bytes = part(text);
  for (int round = 0; round < 1'000; ++round) {
    std::array<SendOperation, 3> operations{{
        {.fd = one.sender(), .parts = &bytes, .parts_count = 1},
        {.fd = gone.sender(), .parts = &bytes, .parts_count = 1},
        {.fd = two.sender(), .parts = &bytes, .parts_count = 1},
    }};
    batch_.send(operations);
    ASSERT_EQ(operations[0].result, 4);
    ASSERT_EQ(operations[1].result, -EPIPE);
    ASSERT_EQ(operations[2].result, 4);
    ASSERT_EQ(one.received(), text);
    ASSERT_EQ(two.received(), text);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, SendBatchTest,
                         testing::Values(SendBatch::Mode::kPlain, SendBatch::Mode::kIoUring),
                         [](const auto& mode) {
                           return mode.param == SendBatch::Mode::kPlain ? "plain" : "io_uring";
                         });

}  // namespace
