// Which messages go compressed to whom, and what they then refer to (RFC 7692).
#include "gateway/hub/compressor.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/hub/hub_world.h"

namespace {

using cross::DeflateResult;
using testing_support::Frame;
using testing_support::HubWorld;
using testing_support::Strings;

constexpr hub::Compression kShared{.window_bits = 12};
constexpr hub::Compression kSmall{.window_bits = 9};
constexpr hub::Compression kTakeover{.window_bits = 12, .context_takeover = true};

struct World : HubWorld {
  explicit World(const hub::CompressionRules& rules = {}) {
    set_rules({{.limits = {.size_max = 100'000, .messages_max = 100}, .deflate_size_min = 100}});
    hub.delivery().set_compression(rules);
  }

  std::uint64_t count(DeflateResult result) const { return counters.deflates[result].value(); }

  // How many of the frames on the wire are compressed; all must be readable.
  int compressed(hub::MemberIndex index) {
    int count = 0;
    for (const Frame& frame : frames(index)) count += frame.compressed ? 1 : 0;
    return count;
  }
};

std::string text(std::size_t size, char letter = 'x') { return std::string(size, letter); }

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(Compressor, AFanoutIsCompressedOnceForAllReceivers) {
  World world;
  std::vector<hub::MemberIndex> members;
  members.reserve(10);
  for (int i = 0; i < 10; ++i) members.push_back(world.join({.compression = kShared}));
  const auto plain = world.join();
  const auto gzip = world.join({.encoding = cross::Encoding::kGzip, .compression = kShared});
  std::vector<hub::MemberIndex> protocol;
  protocol.reserve(10);
  for (int i = 0; i < 10; ++i) {
    protocol.push_back(
        world.join({.encoding = cross::Encoding::kProtocol, .compression = kShared}));
  }
  const auto message = world.message({.payload = text(1'000), .fanout = true});
  for (hub::MemberIndex i = 0; i < world.hub.members().size(); ++i) {
    testing_support::expect_balanced(world.push(i, message));
  }
  // Once as it is, and once as dunlin.v1 has it.
  EXPECT_EQ(world.count(DeflateResult::kSmaller), 2U);
  EXPECT_EQ(world.counters.deflate_bytes_before.value(), 2'000U);
  EXPECT_LT(world.counters.deflate_bytes_after.value(), 300U);
  for (const auto member : members) {
    EXPECT_EQ(world.received(member), Strings{text(1'000)});
    EXPECT_EQ(world.compressed(member), 1);
  }
  for (const auto member : protocol) {
    EXPECT_TRUE(world.received(member)[0].starts_with(R"({"push":)"));
    EXPECT_EQ(world.compressed(member), 1);
  }
  EXPECT_EQ(world.received(plain), Strings{text(1'000)});
  EXPECT_EQ(world.compressed(plain), 0);
  EXPECT_EQ(world.received(gzip)[0].substr(0, 2), "\x1f\x8b");  // Compressed already.
  EXPECT_EQ(world.compressed(gzip), 0);
  world.push(gzip, text(1'000));  // Only fan-outs go as gzip; this one does not.
  EXPECT_EQ(world.received(gzip)[1], text(1'000));
  EXPECT_EQ(world.compressed(gzip), 1);
}

TEST(Compressor, OnlyWhatIsWorthIt) {
  World world({.size_max = 2'000});
  const auto member = world.join({.compression = kShared});
  struct Row {
    const char* rule;
    std::string payload;
    bool compressed;
  };
  const Row rows[] = {
      {"empty", "", false},
      {"below the threshold", text(99), false},
      {"at the threshold", text(100), true},
      {"as long as it may be", text(2'000), true},
      {"longer", text(2'001), false},
      {"not smaller", noise(500), false},
  };
  int compressed = 0;
  for (const Row& row : rows) {
    world.push(member, row.payload);
    compressed += row.compressed ? 1 : 0;
    EXPECT_EQ(world.received(member).back(), row.payload) << row.rule;
    EXPECT_EQ(world.compressed(member), compressed) << row.rule;
  }
  EXPECT_EQ(world.count(DeflateResult::kNotSmaller), 1U);
}

TEST(Compressor, WhatIsNotSmallerIsTriedOnce) {
  World world;
  const auto message = world.message({.payload = noise(500), .fanout = true});
  for (int i = 0; i < 5; ++i) world.push(world.join({.compression = kShared}), message);
  EXPECT_EQ(world.count(DeflateResult::kNotSmaller), 1U);
}

TEST(Compressor, ATurnHasItsShareAndTheRestGoesPlain) {
  World world({.slice_size = 1'500});
  const auto member = world.join({.compression = kShared});
  for (int i = 0; i < 4; ++i) world.push(member, text(1'000));
  EXPECT_EQ(world.compressed(member), 2);
  EXPECT_EQ(world.count(DeflateResult::kNoTime), 2U);
  world.hub.delivery().begin_turn();
  world.push(member, text(1'000));
  EXPECT_EQ(world.compressed(member), 3);
  EXPECT_EQ(world.received(member), Strings(5, text(1'000)));
}

// What is there already costs nothing, whatever has been spent.
TEST(Compressor, TheShareIsForCompressingNotForSending) {
  World world({.slice_size = 1'000});
  const auto message = world.message({.payload = text(1'000), .fanout = true});
  for (int i = 0; i < 5; ++i) {
    const auto member = world.join({.compression = kShared});
    world.push(member, message);
    EXPECT_EQ(world.compressed(member), 1);
  }
}

TEST(Compressor, AClientWithASmallerWindowGetsWhatItCanRead) {
  World world;
  const auto member = world.join({.compression = kSmall});
  const std::string refrain = noise(600);  // Farther back than 512 bytes.
  world.push(member, refrain + refrain);
  EXPECT_EQ(world.compressed(member), 0);
  world.push(member, text(500));
  EXPECT_EQ(world.compressed(member), 1);
  EXPECT_EQ(world.received(member), (Strings{refrain + refrain, text(500)}));
}

TEST(Compressor, WithContextTakeoverMessagesReferToEarlierOnes) {
  World world;
  const auto member = world.join({.compression = kTakeover});
  const auto other = world.join({.encoding = cross::Encoding::kProtocol, .compression = kTakeover});
  std::string once;  // Hardly to be compressed by itself.
  for (const char byte : noise(1'000)) once += static_cast<char>('a' + (byte & 0xF));
  for (int i = 0; i < 3; ++i) {
    const auto message = world.message({.kind = push::PayloadKind::kText, .payload = once});
    for (const auto index : {member, other}) {
      testing_support::expect_balanced(world.push(index, message));
    }
  }
  EXPECT_EQ(world.received(member), (Strings{once, once, once}));
  EXPECT_LT(world.wire(member).bytes.size(), 1'000U);
  EXPECT_EQ(world.received(other).size(), 3U);
}

TEST(Compressor, AnswersAndPushesShareOneContextInTheOrderOfTheWire) {
  World world;
  const auto member = world.join({.compression = kTakeover});
  push::Receipt receipt;
  const auto pushed = world.message(text(300, 'p'));
  world.hub.delivery().deliver(member, pushed, receipt, nullptr);
  world.answer(member, text(300, 'a'));  // Leaves at once, before what is gathered.
  world.hub.delivery().flush();
  world.answer(member, text(300, 'p'));
  EXPECT_EQ(world.received(member), (Strings{text(300, 'a'), text(300, 'p'), text(300, 'p')}));
  EXPECT_EQ(world.compressed(member), 3);
  EXPECT_EQ(receipt.written, 1U);
}

// What has to wait may be dropped or overtaken, so nothing sent later may refer to it.
TEST(Compressor, WhatIsTornApartOrDroppedLeavesTheContextWhole) {
  for (std::size_t room = 0; room < 60; ++room) {
    World world;
    world.set_rules({{.limits = {.size_max = 700, .messages_max = 3},
                      .overflow = push::Policy::kDropOldest,
                      .deflate_size_min = 10}});
    const auto member = world.join({.compression = kTakeover});
    world.push(member, noise(200) + "first");
    world.block(member, room);
    push::Receipt receipt;
    std::vector<cross::MessageRef> messages;
    for (char c = 'a'; c < 'g'; ++c) messages.push_back(world.message(noise(200) + text(20, c)));
    for (const auto& message : messages) {
      world.hub.delivery().deliver(member, message, receipt, nullptr);
    }
    world.hub.delivery().flush();
    world.answer(member, noise(200) + "answer");
    testing_support::expect_balanced(receipt);
    world.unblock(member);
    world.push(member, noise(200) + "last");
    world.push(member, noise(200) + "last");
    const Strings received = world.received(member);
    EXPECT_EQ(received.front(), noise(200) + "first");
    EXPECT_EQ(received.back(), noise(200) + "last");
    EXPECT_GE(world.compressed(member), 2) << room;  // It refers back again.
  }
}

TEST(Compressor, ANewConnectionInTheSameSlotHasAContextOfItsOwn) {
  World world;
  for (int i = 0; i < 3; ++i) {
    const auto member = world.join({.compression = kTakeover});
    EXPECT_EQ(world.counters.deflate_context_bytes.value(), 0U);
    world.push(member, text(1'000));
    world.push(member, text(1'000));
    EXPECT_EQ(world.received(member), Strings(2, text(1'000)));
    EXPECT_EQ(world.counters.deflate_context_bytes.value(), ws::deflater_size(12));
    world.leave(member);
    EXPECT_EQ(world.counters.deflate_context_bytes.value(), 0U);
  }
}

TEST(Compressor, ContextsAreMadeOnlyWhereThereIsRoom) {
  World world;
  const auto first = world.join({.compression = kTakeover});
  const auto second = world.join({.compression = kTakeover});
  const auto live = world.join({.encoding = cross::Encoding::kProtocol, .compression = kTakeover});
  world.hub.delivery().begin_turn(ws::deflater_size(12) * 3 / 2);
  for (int i = 0; i < 3; ++i) {
    const auto all = world.message({.payload = text(1'000), .fanout = true});
    for (const auto member : {first, second, live}) world.push(member, all);
    world.block(second);
    world.answer(second, text(500));
    world.answer(live, text(500));
    world.unblock(second);
  }
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), ws::deflater_size(12));
  EXPECT_EQ(world.received(first), Strings(3, text(1'000)));
  // They get the shared form, which refers to nothing.
  EXPECT_EQ(world.compressed(second), 6);
  EXPECT_EQ(world.compressed(live), 6);
  for (const auto& payload : world.received(live)) {
    EXPECT_TRUE(payload == text(500) || payload.starts_with(R"({"push":)"));
  }
  world.hub.delivery().begin_turn(ws::deflater_size(12));
  world.push(second, text(1'000));
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), 2 * ws::deflater_size(12));
}

TEST(Compressor, WhatHasToWaitStaysInTheFormItHas) {
  World world;
  world.hub.delivery().begin_turn(0);
  const auto live = world.join({.encoding = cross::Encoding::kProtocol, .compression = kTakeover});
  const auto all = world.message({.payload = text(1'000), .fanout = true});
  push::Receipt receipt;
  world.hub.delivery().deliver(live, all, receipt, nullptr);
  world.block(live);
  world.hub.delivery().flush();
  EXPECT_EQ(receipt.queued, 1U);
  world.unblock(live);
  EXPECT_TRUE(world.received(live)[0].starts_with(R"({"push":)"));
}

TEST(Compressor, ContextsThatWereGivenUpBeginAnew) {
  World world;
  std::vector<hub::MemberIndex> members;
  for (int i = 0; i < 10; ++i) members.push_back(world.join({.compression = kTakeover}));
  const auto push_all = [&] {
    for (const auto member : members) world.push(member, text(1'000));
  };
  push_all();
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), 10 * ws::deflater_size(12));
  for (const auto member : members) {
    EXPECT_EQ(world.hub.delivery().held_for(member), ws::deflater_size(12));
  }
  world.hub.delivery().let_go_of_contexts(3 * ws::deflater_size(12) - 1);
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), 7 * ws::deflater_size(12));
  push_all();
  world.hub.delivery().let_go_of_contexts(~std::uint64_t{0});
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), 0U);
  push_all();
  for (const auto member : members) {
    EXPECT_EQ(world.received(member), Strings(3, text(1'000)));
    EXPECT_EQ(world.compressed(member), 3);
    world.leave(member);
  }
  EXPECT_EQ(world.counters.deflate_context_bytes.value(), 0U);
}

// Whoever asked for gzip gets gzip; above the bounds it is only wrapped in it.
TEST(Compressor, GzipIsBoundedAsWell) {
  World world({.size_max = 2'000, .slice_size = 5'000});
  world.set_rules({{.limits = {.size_max = 100'000, .messages_max = 100}}});
  const auto gzip = world.join({.encoding = cross::Encoding::kGzip});
  const auto push_size = [&](std::size_t size) {
    const std::size_t before = world.wire(gzip).bytes.size();
    const auto message = world.message({.payload = text(size), .fanout = true});
    for (int i = 0; i < 3; ++i) world.push(gzip, message);  // Made once.
    EXPECT_EQ(testing_support::gunzip(world.received(gzip).back()), text(size));
    return (world.wire(gzip).bytes.size() - before) / 3;
  };
  EXPECT_LT(push_size(2'000), 100U);
  EXPECT_GT(push_size(2'001), 2'001U);
  EXPECT_LT(push_size(2'000), 100U);
  EXPECT_LT(push_size(1'000), 100U);  // Uses up what the turn has for it.
  EXPECT_GT(push_size(10), 10U);
  EXPECT_GT(push_size(1'000), 1'000U);
  EXPECT_EQ(world.count(DeflateResult::kNoTime), 2U);
  world.hub.delivery().begin_turn(0);
  EXPECT_LT(push_size(1'000), 100U);
}

TEST(Compressor, OtherRulesAreForTheNextMessage) {
  World world;
  const auto member = world.join({.compression = kShared});
  world.push(member, text(1'000));
  world.hub.delivery().set_compression({.parameters = {.level = 9, .window_bits = 15}});
  world.push(member, text(1'001));
  EXPECT_EQ(world.received(member), (Strings{text(1'000), text(1'001)}));
}

}  // namespace
