#include "gateway/cross/message.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/ws/deflater.h"
#include "tests/proto/support/zlib_peer.h"

namespace {

using cross::Encoding;
using cross::Message;
using cross::MessageRef;
using testing_support::gunzip;
using Deflated = cross::Message::Deflated;

std::string text_of(std::span<const std::byte> bytes) {
  return std::string(dunlin::as_string_view(bytes));
}

// The payload of an unmasked frame whose length form must be the shortest.
std::string payload_of(std::string_view frame, int first_byte) {
  EXPECT_EQ(static_cast<unsigned char>(frame[0]), first_byte);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(frame[i]); };
  std::size_t header = 2;
  std::size_t size = byte(1);
  if (size == 126) {
    header = 4;
    size = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
  } else if (size == 127) {
    header = 10;
    size = 0;
    for (std::size_t i = 2; i < 10; ++i) size = size << 8 | byte(i);
  }
  EXPECT_EQ(frame.size(), header + size);
  return std::string(frame.substr(header));
}

std::string inflated(std::span<const std::byte> frame, int first_byte) {
  return testing_support::PeerInflater(12).text(payload_of(text_of(frame), first_byte));
}

TEST(Message, PlainFrameIsTheWholeFrame) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
    const std::string payload(size, 'p');
    const MessageRef text = Message::make({.id = {1}, .payload = payload});
    EXPECT_EQ(payload_of(text_of(text->frame(Encoding::kPlain)), 0x81), payload);
    EXPECT_EQ(text->payload(), payload);
    const MessageRef binary =
        Message::make({.id = {1}, .kind = push::PayloadKind::kBinary, .payload = payload});
    EXPECT_EQ(payload_of(text_of(binary->frame(Encoding::kPlain)), 0x82), payload);
  }
  const MessageRef json =
      Message::make({.id = {1}, .kind = push::PayloadKind::kJson, .payload = "{}"});
  EXPECT_EQ(payload_of(text_of(json->frame(Encoding::kPlain)), 0x81), "{}");
}

TEST(Message, GzipIsBinaryAndDecodesToThePayload) {
  for (const std::size_t size : {0U, 1U, 100U, 100'000U}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload += static_cast<char>('a' + i * i % 26);
    for (const int level : {0, 1, 4, 9}) {
      for (const std::uint8_t bits : {std::uint8_t{9}, std::uint8_t{12}, std::uint8_t{15}}) {
        const MessageRef message = Message::make({.id = {1}, .payload = payload});
        EXPECT_FALSE(message->has_gzip());
        message->make_gzip({.level = level, .window_bits = bits});
        EXPECT_TRUE(message->has_gzip());
        const std::string frame = text_of(message->frame(Encoding::kGzip));
        EXPECT_EQ(gunzip(payload_of(frame, 0x82)), payload);
        EXPECT_LE(frame.size(), size + size / 1'000 + 40) << "wrapped, not more";
      }
    }
  }
}

TEST(Message, ProtocolFormIsTheEnvelope) {
  MessageRef message =
      Message::make({.id = {7}, .kind = push::PayloadKind::kJson, .payload = R"({"a":1})"});
  const std::string id = cross::to_string(cross::MessageId{7});
  EXPECT_EQ(payload_of(text_of(message->frame(Encoding::kProtocol)), 0x81),
            R"({"push":{"message":")" + id + R"(","data":{"a":1}}})");

  message = Message::make({.id = {7}, .payload = "hi \"you\""});
  message.unshared().set_position("news", 18);
  EXPECT_EQ(
      payload_of(text_of(message->frame(Encoding::kProtocol)), 0x81),
      R"({"push":{"message":")" + id + R"(","channel":"news","offset":18,"text":"hi \"you\""}})");
  EXPECT_EQ(message->channel(), "news");
  EXPECT_EQ(message->offset(), 18U);
}

TEST(Message, FramedBytesHaveOneFormOnly) {
  const MessageRef message =
      Message::make_framed(dunlin::as_bytes("head"), dunlin::as_bytes("rest"));
  for (std::size_t i = 0; i < cross::kEncodings; ++i) {
    EXPECT_EQ(text_of(message->frame(static_cast<Encoding>(i))), "headrest");
  }
  EXPECT_FALSE(message->is_push());
  EXPECT_EQ(text_of(Message::make_framed({}, {})->frame(Encoding::kPlain)), "");
}

TEST(Message, KeepsWhatItIsMadeOf) {
  const MessageRef message = Message::make({.id = {5},
                                            .payload = "x",
                                            .conflate_key = "key",
                                            .policy = push::Policy::kConflate,
                                            .fanout = true,
                                            .expires_ms = 11,
                                            .accepted_ns = 12});
  EXPECT_TRUE(message->is_push());
  EXPECT_TRUE(message->fanout());
  EXPECT_EQ(message->id(), cross::MessageId{5});
  EXPECT_EQ(message->conflate_key(), "key");
  EXPECT_EQ(message->policy(), push::Policy::kConflate);
  EXPECT_EQ(message->expires_ms(), 11U);
  EXPECT_EQ(message->accepted_ns(), 12U);
  EXPECT_EQ(message->conflate_hash(),
            Message::make({.id = {6}, .conflate_key = "key"})->conflate_hash());
}

TEST(Message, VariantsAreMadeOnce) {
  const MessageRef message = Message::make({.id = {1}, .payload = "payload"});
  message->make_gzip({});
  const std::byte* first = message->frame(Encoding::kGzip).data();
  message->make_gzip({.level = 0});
  EXPECT_EQ(message->frame(Encoding::kGzip).data(), first);
  EXPECT_EQ(message->frame(Encoding::kProtocol).data(), message->frame(Encoding::kProtocol).data());
}

TEST(Message, CompressedFormsAreTheUncompressedOnesCompressed) {
  ws::Deflater deflater({});
  for (const std::size_t size : {100U, 1'000U, 100'000U}) {
    const std::string payload(size, 'p');
    for (const auto kind : {push::PayloadKind::kText, push::PayloadKind::kBinary}) {
      MessageRef message = Message::make({.id = {1}, .kind = kind, .payload = payload});
      message.unshared().set_position("news", 3);
      EXPECT_EQ(message->find_deflated(Encoding::kDeflate), Deflated::kUnknown);
      ASSERT_EQ(message->make_deflated(Encoding::kDeflate, deflater), Deflated::kThere);
      ASSERT_EQ(message->make_deflated(Encoding::kProtocolDeflate, deflater), Deflated::kThere);
      EXPECT_EQ(message->find_deflated(Encoding::kDeflate), Deflated::kThere);
      const bool binary = kind == push::PayloadKind::kBinary;
      EXPECT_EQ(inflated(message->frame(Encoding::kDeflate), binary ? 0xC2 : 0xC1), payload);
      EXPECT_EQ(inflated(message->frame(Encoding::kProtocolDeflate), 0xC1),
                payload_of(text_of(message->frame(Encoding::kProtocol)), 0x81));
    }
  }
}

TEST(Message, ThatACompressedFormIsNotSmallerIsRemembered) {
  ws::Deflater deflater({});
  const MessageRef message = Message::make({.id = {1}, .payload = "short"});
  EXPECT_EQ(message->make_deflated(Encoding::kDeflate, deflater), Deflated::kNone);
  EXPECT_EQ(message->find_deflated(Encoding::kDeflate), Deflated::kNone);
  EXPECT_EQ(message->make_deflated(Encoding::kDeflate, deflater), Deflated::kNone);
  EXPECT_EQ(message->find_deflated(Encoding::kProtocolDeflate), Deflated::kUnknown);
}

TEST(Message, OneReceiversOwnFrameStandsForTheMessage) {
  const MessageRef message =
      Message::make({.id = {1}, .payload = "text", .fanout = true, .accepted_ns = 7});
  const MessageRef own = message->with_frame("frame");
  for (std::size_t i = 0; i < cross::kEncodings; ++i) {
    EXPECT_EQ(text_of(own->frame(static_cast<Encoding>(i))), "frame");
  }
  EXPECT_TRUE(own->is_push() && own->fanout());
  EXPECT_EQ(own->id(), message->id());
  EXPECT_EQ(own->accepted_ns(), 7U);
}

// References may be copied, moved, assigned (to themselves, too) and dropped in any order; what
// goes wrong here is for the address sanitizer to see.
TEST(Message, LivesAsLongAsItsLastReference) {
  MessageRef kept;
  EXPECT_FALSE(kept);
  {
    MessageRef first = Message::make({.id = {1}, .payload = "still here"});
    MessageRef second = first;
    MessageRef third = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the point.
    second = third;
    third = second;
    MessageRef& same = second;
    second = same;
    kept = std::move(second);
    kept = Message::make({.id = {2}, .payload = "another"});
    kept = third;
  }
  EXPECT_EQ(kept->payload(), "still here");
}

TEST(Message, ManyThreadsShareOne) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 50; ++round) {
    MessageRef message = Message::make({.id = {1}, .payload = std::string(500, 'm')});
    std::vector<std::span<const std::byte>> seen(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&seen, t, mine = message] {
        ws::Deflater deflater({});  // Each shard has its own.
        for (int i = 0; i < 100; ++i) {
          const MessageRef copy = mine;
          if (!copy->has_gzip()) copy->make_gzip({});
          seen[t] = copy->frame(Encoding::kGzip);
          EXPECT_EQ(copy->frame(Encoding::kProtocol)[0], std::byte{0x81});
          if (copy->find_deflated(Encoding::kDeflate) == Deflated::kUnknown) {
            EXPECT_EQ(copy->make_deflated(Encoding::kDeflate, deflater), Deflated::kThere);
          }
          EXPECT_EQ(copy->frame(Encoding::kDeflate)[0], std::byte{0xC1});
        }
      });
    }
    const MessageRef kept = std::move(message);  // The maker lets go while they use it.
    for (auto& thread : threads) thread.join();
    for (const auto& frame : seen) EXPECT_EQ(frame.data(), kept->frame(Encoding::kGzip).data());
  }
}

// Made on one thread and ended on another: what both have counted adds up to nothing.
TEST(Message, MemoryIsCountedWhereItIsMadeAndWhereItEnds) {
  cross::Counter here;
  cross::Counter there;
  Message::count_on_this_thread(&here);
  MessageRef message = Message::make({.id = {1}, .payload = std::string(1'000, 'm')});
  EXPECT_GE(here.value(), 1'000U);
  EXPECT_LT(here.value(), 1'500U);
  const MessageRef framed = Message::make_framed(std::as_bytes(std::span("12345", 5)));
  const std::uint64_t of_framed = sizeof(Message) + 5;
  std::thread([&there, mine = std::move(message)]() mutable {
    Message::count_on_this_thread(&there);
    const std::uint64_t before = there.value();
    EXPECT_EQ(mine->frame(Encoding::kProtocol)[0], std::byte{0x81});
    EXPECT_GT(there.value(), before + 1'000) << "another form is memory, too";
    const MessageRef copy = mine;
    mine = MessageRef();
    EXPECT_GT(there.value(), before + 1'000) << "a reference is not";
  }).join();
  EXPECT_EQ(here.value() + there.value(), of_framed);  // Modulo 2^64: one alone is below 0.
  Message::count_on_this_thread(nullptr);
}

}  // namespace
