#include "proto/ws/inflater.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <variant>

#include "proto/ws/deflater.h"
#include "proto/ws/frame_decoder.h"
#include "tests/proto/support/hex.h"
#include "tests/proto/support/zlib_peer.h"

namespace ws {
namespace {

using testing_support::from_hex;
using testing_support::PeerDeflater;
using testing_support::PeerInflater;

constexpr std::uint64_t kSizeMax = 1 << 20;

// The text, or the violation's name in brackets.
std::string outcome(Inflater& inflater, std::string_view compressed,
                    std::uint64_t size_max = kSizeMax, InflateWindow* window = nullptr) {
  // A block of exactly its size: a read past its end is an error that the sanitizer sees.
  const std::vector<char> block(compressed.begin(), compressed.end());
  const auto result =
      inflater.inflate(dunlin::as_bytes({block.data(), block.size()}), size_max, window);
  if (const auto* violation = std::get_if<Violation>(&result)) {
    return "[" + std::string(name_of(*violation)) + "]";
  }
  return std::string(dunlin::as_string_view(std::get<dunlin::Bytes>(result)));
}

std::string outcome(std::string_view compressed, std::uint64_t size_max = kSizeMax) {
  Inflater inflater;
  return outcome(inflater, compressed, size_max);
}

std::string random_text(std::mt19937& random, std::size_t size, unsigned letters) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + random() % letters);
  return text;
}

TEST(InflaterTest, TheExamplesOfSection723) {
  struct Row {
    const char* rule;
    const char* message;
    const char* expected;
  };
  const Row rows[] = {
      {"7.2.3.1 one block", "f2 48 cd c9 c9 07 00", "Hello"},
      {"7.2.3.3 no compression", "00 05 00 fa ff 48 65 6c 6c 6f 00", "Hello"},
      {"7.2.3.4 BFINAL", "f3 48 cd c9 c9 07 00 00", "Hello"},
      {"7.2.3.5 two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00", "Hello"},
      {"7.2.3.6 an empty message", "00", ""},
      {"an empty message of zlib's", "02 00", ""},
      {"nothing at all", "", ""},
      {"BFINAL, and no byte after it", "f3 48 cd c9 c9 07 00", "Hello"},
      {"a stored block with BFINAL", "01 05 00 fa ff 48 65 6c 6c 6f", "Hello"},
      {"a block after BFINAL", "f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00", "HelloHello"},
      {"a flush that was not cut", "f2 48 cd c9 c9 07 00 00 00 ff ff", "Hello"},
      {"a stored block, and no byte after it", "00 05 00 fa ff 48 65 6c 6c 6f", "Hello"},
      {"BFINAL twice", "f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00", "HelloHello"},

      {"block type 3", "06", "[deflate_corrupt]"},
      {"LEN and NLEN differ", "00 05 00 fa fe 48 65 6c 6c 6f 00", "[deflate_corrupt]"},
      {"ends inside a block", "f2 48 cd", "[deflate_corrupt]"},
      {"ends inside a stored block", "00 ff 00 00 ff 48 65", "[deflate_corrupt]"},
      {"refers to before the beginning", "4a 02 11 00 00", "[deflate_corrupt]"},
      {"garbage after BFINAL", "f3 48 cd c9 c9 07 00 ff ff", "[deflate_corrupt]"},
      {"zlib's header", "78 9c 4b 04 00", "[deflate_corrupt]"},
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(from_hex(row.message)), row.expected) << row.rule;
}

TEST(InflaterTest, EveryKindOfSender) {
  std::mt19937 random(1);
  for (int bits = 9; bits <= 15; ++bits) {
    for (const int level : {0, 1, 6, 9}) {
      for (const int memory_level : {1, 8}) {
        PeerDeflater peer({.bits = bits, .level = level, .memory_level = memory_level});
        Inflater inflater;
        for (const std::size_t size : {0U, 1U, 100U, 5'000U, 70'000U}) {
          for (const unsigned letters : {1U, 4U, 200U}) {
            peer.forget();
            const std::string text = random_text(random, size, letters);
            const std::string message = peer.message(text);
            ASSERT_LE(message.size(), compressed_size_max(size));
            ASSERT_TRUE(outcome(inflater, message) == text) << bits << ' ' << level << ' ' << size;
          }
        }
      }
    }
  }
}

TEST(InflaterTest, ContextTakeoverWithEveryWindow) {
  std::mt19937 random(2);
  for (int bits = 9; bits <= 15; ++bits) {
    PeerDeflater peer({.bits = bits});
    Inflater inflater;
    InflateWindow window{.bits = static_cast<std::uint8_t>(bits), .text = {}};
    const std::string refrain = random_text(random, 300, 20);
    std::size_t smallest = 1'000;
    for (int i = 0; i < 200; ++i) {
      const std::string text = refrain + random_text(random, random() % 200, 20);
      const std::string message = peer.message(text);
      smallest = std::min(smallest, message.size());
      ASSERT_EQ(outcome(inflater, message, kSizeMax, &window), text) << bits << ' ' << i;
      ASSERT_LE(window.text.size(), std::size_t{1} << bits);
      // Another connection's message in between changes nothing.
      ASSERT_EQ(outcome(inflater, from_hex("f2 48 cd c9 c9 07 00")), "Hello");
    }
    // It did refer back; zlib's smallest window is too small for that.
    EXPECT_LT(smallest, bits > 9 ? 100U : 500U);
    EXPECT_EQ(window.text.size(), std::size_t{1} << bits);
  }
}

TEST(InflaterTest, WithoutContextTakeoverNothingIsRemembered) {
  PeerDeflater peer;
  const std::string text = "a text long enough to be referred to, and referred to it will be";
  Inflater inflater;
  EXPECT_EQ(outcome(inflater, peer.message(text)), text);
  EXPECT_EQ(outcome(inflater, peer.message(text)), "[deflate_corrupt]");
}

// 7.2.3.4: a final block ends neither the message nor what may be referred to.
TEST(InflaterTest, FinalBlocksKeepTheWindow) {
  std::mt19937 random(3);
  const std::string text = random_text(random, 200, 26);
  PeerDeflater first;
  PeerDeflater second;
  (void)second.raw(text, Z_SYNC_FLUSH);  // Only to have it in the window.
  const std::string later = second.message(text);
  EXPECT_LT(later.size(), 20U);
  Inflater inflater;
  EXPECT_TRUE(outcome(inflater, first.raw(text, Z_FINISH) + later) == text + text);

  InflateWindow window;
  EXPECT_TRUE(outcome(inflater, first.raw(text, Z_FINISH), kSizeMax, &window) == text);
  EXPECT_TRUE(outcome(inflater, later, kSizeMax, &window) == text);
}

TEST(InflaterTest, TheLimitAndOneMore) {
  for (const std::uint64_t limit : {0U, 1U, 2U, 4'095U, 4'096U, 4'097U, 262'144U, 1U << 20}) {
    for (const unsigned letters : {1U, 200U}) {
      std::mt19937 random(4);
      const std::string fits = random_text(random, limit, letters);
      EXPECT_TRUE(outcome(PeerDeflater().message(fits), limit) == fits) << limit;
      EXPECT_EQ(outcome(PeerDeflater().message(fits + "x"), limit), "[inflated_too_big]") << limit;
      EXPECT_EQ(outcome(PeerDeflater().message(fits + "xy"), limit), "[inflated_too_big]");
    }
  }
}

TEST(InflaterTest, ABombCostsTheLimitAndNoMore) {
  const std::string bomb = PeerDeflater({.level = 9}).message(std::string(64 << 20, '\0'));
  ASSERT_LT(bomb.size(), 70'000U);
  Inflater inflater;
  for (int i = 0; i < 100; ++i) {
    inflater.reset_work();
    ASSERT_EQ(outcome(inflater, bomb), "[inflated_too_big]");
    ASSERT_LE(inflater.work(), bomb.size() + kSizeMax + 1 + 256 * Inflater::kBlockWork);
  }
}

// Blocks that say nothing: bytes and bits without end, and not a letter.
TEST(InflaterTest, EmptyBlocksAreCounted) {
  const std::string stored = from_hex("00 00 00 ff ff");
  std::string flushes;
  for (std::uint64_t i = 0; i < Inflater::kBlocksFree; ++i) flushes += stored;
  EXPECT_EQ(outcome(flushes), "");
  std::string many = flushes;
  for (int i = 0; i < 100'000; ++i) many += stored;
  EXPECT_EQ(outcome(many), "[deflate_blocks]");
  // Ten bits each: 010 0000000 over and over.
  std::string fixed;
  for (int i = 0; i < 100'000; ++i) fixed += from_hex("02 08 20 80 00");
  EXPECT_EQ(outcome(fixed), "[deflate_blocks]");
  std::string final_blocks;
  for (int i = 0; i < 100'000; ++i) final_blocks += from_hex("03 00");
  EXPECT_EQ(outcome(final_blocks), "[deflate_blocks]");
}

TEST(InflaterTest, ASenderMayFlushAfterEveryLetter) {
  PeerDeflater peer;
  std::string message;
  std::string text;
  for (int i = 0; i < 1'500; ++i) {
    message += peer.raw("x", Z_SYNC_FLUSH);
    text += 'x';
  }
  EXPECT_EQ(outcome(message), text);
}

TEST(InflaterTest, AnyBytesAreATextOrAViolation) {
  std::mt19937 random(5);
  Inflater inflater;
  InflateWindow window;
  int corrupt = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = PeerDeflater().message(random_text(random, random() % 300, 9));
    for (unsigned flips = random() % 4; flips > 0 && !bytes.empty(); --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
    }
    bytes.resize(random() % (bytes.size() + 1));
    const std::string result = outcome(inflater, bytes, 1'000, i % 2 == 0 ? &window : nullptr);
    corrupt += result == "[deflate_corrupt]" ? 1 : 0;
    ASSERT_LE(result.size(), 1'000U);
  }
  EXPECT_GT(corrupt, 1'000);
}

TEST(InflaterTest, CountsWhatItHasDone) {
  Inflater inflater;
  const std::string message = PeerDeflater().message(std::string(1'000, 'x'));
  (void)outcome(inflater, message);
  (void)outcome(inflater, from_hex("06"));
  EXPECT_EQ(inflater.totals().messages, 1U);
  EXPECT_EQ(inflater.totals().size, 1'000U);
  EXPECT_EQ(inflater.totals().compressed_size, message.size());
  EXPECT_GE(inflater.work(), 1'000 + message.size());
}

// --- The other direction. ---

TEST(DeflaterTest, WhatItWritesAnyClientReads) {
  std::mt19937 random(6);
  for (int bits = 9; bits <= 15; ++bits) {
    for (const int level : {1, 6, 9}) {
      Deflater deflater({.level = level, .window_bits = static_cast<std::uint8_t>(bits)});
      PeerInflater with_context(bits, /*takeover=*/true);
      PeerInflater without(bits);
      for (int i = 0; i < 60; ++i) {
        const std::string text =
            random_text(random, random() % 40'000, static_cast<unsigned>(2 + random() % 30));
        std::string message;
        // Whether each message begins anew is the sender's choice, whatever was agreed (7.2.1).
        const bool forget = i % 3 == 0;
        if (forget) deflater.forget();
        if (!deflater.compress(dunlin::as_bytes(text), message)) {
          ASSERT_LT(text.size(), 200U);
          continue;
        }
        ASSERT_LT(message.size(), text.size());
        ASSERT_TRUE(with_context.text(message) == text) << bits << ' ' << level << ' ' << i;
        if (forget) {
          ASSERT_TRUE(without.text(message) == text);
        }
      }
    }
  }
}

TEST(DeflaterTest, WhatDoesNotGetSmallerIsLeftAlone) {
  std::mt19937 random(7);
  Deflater deflater({.level = 1, .window_bits = 12});
  PeerInflater client(12, /*takeover=*/true);
  std::string out = "before";
  for (const std::size_t size : {0U, 1U, 2U, 10U, 1'000U, 100'000U}) {
    std::string noise;
    for (std::size_t i = 0; i < size; ++i) noise += static_cast<char>(random());
    EXPECT_FALSE(deflater.compress(dunlin::as_bytes(noise), out)) << size;
    EXPECT_EQ(out, "before");
    // What was tried in vain is not referred to: the client has not seen it.
    std::string message;
    const std::string text(500, 'x');
    ASSERT_TRUE(deflater.compress(dunlin::as_bytes(text), message));
    EXPECT_EQ(client.text(message), text);
  }
}

TEST(DeflaterTest, AFrameHasTheShortestHeader) {
  Deflater deflater({.level = 6, .window_bits = 15});
  for (const std::size_t size : {10UL, 1'000UL, 500'000UL, 50'000'000UL}) {
    std::string frame;
    deflater.forget();
    ASSERT_TRUE(append_deflated_frame(frame, Opcode::kText,
                                      dunlin::as_bytes(std::string(size, 'a')), deflater));
    EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0xC1);
    const auto length = static_cast<unsigned char>(frame[1]);
    const std::size_t header = length < 126 ? 2 : length == 126 ? 4 : 10;
    EXPECT_EQ(header, frame.size() < 128 ? 2U : frame.size() < 65'540 ? 4U : 10U);
    EXPECT_EQ(PeerInflater().text(std::string_view(frame).substr(header)).size(), size);
  }
}

}  // namespace
}  // namespace ws
