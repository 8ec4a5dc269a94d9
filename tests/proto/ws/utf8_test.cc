#include "proto/ws/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/proto/support/hex.h"
#include "tests/proto/support/splits.h"

namespace ws {
namespace {

using testing_support::for_each_split;
using testing_support::from_hex;

enum class Verdict { kValid, kIncomplete, kInvalid };

// The plain reference, written from the definition rather than from a table: decode the character,
// then ask whether this was its only, shortest form.
Verdict judge_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80           ? 1u
                           : (lead >> 5) == 0x6  ? 2u
                           : (lead >> 4) == 0xe  ? 3u
                           : (lead >> 3) == 0x1e ? 4u
                                                 : 0u;
  if (size == 0) return Verdict::kInvalid;
  // All characters that begin with the bytes there are lie between these two.
  std::uint32_t lowest = size == 1 ? lead : lead & (0x7fu >> size);
  std::uint32_t highest = lowest;
  for (std::size_t i = 1; i < size; ++i) {
    const bool there = i < text.size();
    const auto byte = there ? static_cast<unsigned char>(text[i]) : 0x80u;
    if (there && (byte & 0xc0) != 0x80) return Verdict::kInvalid;
    lowest = lowest << 6 | (there ? byte & 0x3f : 0u);
    highest = highest << 6 | (there ? byte & 0x3f : 0x3fu);
  }
  const std::uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
  lowest = std::max(lowest, shortest[size]);
  highest = std::min(highest, 0x10ffffu);
  if (lowest > highest || (lowest >= 0xd800 && highest <= 0xdfff)) return Verdict::kInvalid;
  if (size > text.size()) {
    text = {};
    return Verdict::kIncomplete;
  }
  text.remove_prefix(size);
  return Verdict::kValid;
}

Verdict judge_plainly(std::string_view text) {
  while (!text.empty()) {
    const Verdict verdict = judge_character(text);
    if (verdict != Verdict::kValid) return verdict;
  }
  return Verdict::kValid;
}

Verdict judge(const testing_support::Chunks& chunks) {
  Utf8Validator validator;
  for (const std::string_view chunk : chunks) {
    testing_support::Block block(chunk);
    if (!validator.feed(block.bytes())) return Verdict::kInvalid;
  }
  return validator.finish() ? Verdict::kValid : Verdict::kIncomplete;
}

struct Row {
  const char* what;
  const char* hex;
  Verdict expected;
};

constexpr Row kRows[] = {
    {"empty", "", Verdict::kValid},
    {"ASCII", "48 65 6C 6C 6F", Verdict::kValid},
    {"NUL", "00", Verdict::kValid},
    {"the Autobahn greeting", "CE BA E1 BD B9 CF 83 CE BC CE B5", Verdict::kValid},
    {"U+0080, first of two bytes", "C2 80", Verdict::kValid},
    {"U+07FF, last of two bytes", "DF BF", Verdict::kValid},
    {"U+0800, first of three bytes", "E0 A0 80", Verdict::kValid},
    {"U+D7FF, before the surrogates", "ED 9F BF", Verdict::kValid},
    {"U+D800, first surrogate", "ED A0 80", Verdict::kInvalid},
    {"U+DFFF, last surrogate", "ED BF BF", Verdict::kInvalid},
    {"U+E000, after the surrogates", "EE 80 80", Verdict::kValid},
    {"U+FFFD", "EF BF BD", Verdict::kValid},
    {"U+FFFE, a noncharacter", "EF BF BE", Verdict::kValid},
    {"U+FFFF, last of three bytes", "EF BF BF", Verdict::kValid},
    {"U+10000, first of four bytes", "F0 90 80 80", Verdict::kValid},
    {"U+10FFFF, last", "F4 8F BF BF", Verdict::kValid},
    {"U+110000", "F4 90 80 80", Verdict::kInvalid},
    {"U+1FFFFF", "F7 BF BF BF", Verdict::kInvalid},
    {"five bytes", "F8 88 80 80 80", Verdict::kInvalid},
    {"six bytes", "FC 84 80 80 80 80", Verdict::kInvalid},
    {"FE", "FE", Verdict::kInvalid},
    {"FF", "FF", Verdict::kInvalid},
    {"overlong slash in two", "C0 AF", Verdict::kInvalid},
    {"overlong slash in three", "E0 80 AF", Verdict::kInvalid},
    {"overlong slash in four", "F0 80 80 AF", Verdict::kInvalid},
    {"overlong U+007F", "C1 BF", Verdict::kInvalid},
    {"overlong U+07FF", "E0 9F BF", Verdict::kInvalid},
    {"overlong U+FFFF", "F0 8F BF BF", Verdict::kInvalid},
    {"continuation alone", "80", Verdict::kInvalid},
    {"continuation after ASCII", "41 BF", Verdict::kInvalid},
    {"four continuations", "80 80 80 80", Verdict::kInvalid},
    {"one continuation too many", "C2 80 80", Verdict::kInvalid},
    {"ASCII where a continuation is due", "E2 82 41", Verdict::kInvalid},
    {"lead where a continuation is due", "E2 C2 80", Verdict::kInvalid},
    {"first byte of two", "C2", Verdict::kIncomplete},
    {"first byte of three", "E2", Verdict::kIncomplete},
    {"two bytes of three", "E2 82", Verdict::kIncomplete},
    {"three bytes of four", "41 F0 9F 98", Verdict::kIncomplete},
    {"surrogate seen from two bytes", "ED A0", Verdict::kInvalid},
    {"past the end seen from two bytes", "F4 90", Verdict::kInvalid},
    {"overlong seen from two bytes", "F0 8F", Verdict::kInvalid},
    {"overlong seen from one byte", "C0", Verdict::kInvalid},
    {"past the end seen from one byte", "F5", Verdict::kInvalid},
    {"CJK and emoji", "E6 97 A5 E6 9C AC F0 9F 98 80 21", Verdict::kValid},
};

TEST(Utf8Test, TableAtEverySplit) {
  for (const Row& row : kRows) {
    const std::string text = from_hex(row.hex);
    EXPECT_EQ(judge_plainly(text), row.expected) << row.what << ", the reference";
    for_each_split(text, [&](const auto& chunks) {
      EXPECT_EQ(judge(chunks), row.expected)
          << row.what << ", " << testing_support::describe(chunks);
    });
  }
}

// The same rows behind and in front of text long enough for the vectorised validator.
TEST(Utf8Test, TableInsideLongText) {
  for (const Row& row : kRows) {
    for (const std::size_t before : {61u, 62u, 63u, 64u, 127u}) {
      const std::string text = std::string(before, 'x') + from_hex(row.hex);
      for_each_split(text, [&](const auto& chunks) {
        ASSERT_EQ(judge(chunks), row.expected) << row.what << " after " << before;
      });
      const std::string surrounded = text + std::string(70, 'y');
      const Verdict expected =
          row.expected == Verdict::kIncomplete ? Verdict::kInvalid : row.expected;
      for_each_split(surrounded, [&](const auto& chunks) {
        ASSERT_EQ(judge(chunks), expected) << row.what << " within " << before;
      });
    }
  }
}

TEST(Utf8Test, EveryTwoByteSequence) {
  for (unsigned value = 0; value <= 0xffff; ++value) {
    const std::string text = {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
    const Verdict expected = judge_plainly(text);
    ASSERT_EQ(judge({text}), expected) << std::hex << value;
    ASSERT_EQ(judge({text.substr(0, 1), text.substr(1)}), expected) << std::hex << value;
  }
}

// Third bytes from every class that decides anything; all first and second bytes.
TEST(Utf8Test, EveryThreeByteSequence) {
  for (unsigned value = 0; value <= 0xffff; ++value) {
    for (const unsigned third : {0x00u, 0x41u, 0x7fu, 0x80u, 0x8fu, 0x90u, 0x9fu, 0xa0u, 0xbfu,
                                 0xc0u, 0xc2u, 0xe0u, 0xf0u, 0xf4u, 0xffu}) {
      const std::string text = {static_cast<char>(value >> 8), static_cast<char>(value & 0xff),
                                static_cast<char>(third)};
      const Verdict expected = judge_plainly(text);
      Utf8Validator whole;
      const bool fed = whole.feed(dunlin::as_bytes(text));
      const Verdict got = !fed             ? Verdict::kInvalid
                          : whole.finish() ? Verdict::kValid
                                           : Verdict::kIncomplete;
      ASSERT_EQ(got, expected) << std::hex << value << " " << third;
      Utf8Validator cut;
      const bool fed_cut = cut.feed(dunlin::as_bytes(text).first(1)) &&
                           cut.feed(dunlin::as_bytes(text).subspan(1, 1)) &&
                           cut.feed(dunlin::as_bytes(text).subspan(2));
      ASSERT_EQ(fed_cut, fed) << std::hex << value << " " << third;
    }
  }
}

// Random text with at most one byte broken, cut in three random places.
TEST(Utf8Test, RandomTextsAgainstTheReference) {
  const std::string alphabet[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  std::mt19937 random(42);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto i = random() % 60; i > 0; --i) text += alphabet[random() % 4];
    if (!text.empty() && random() % 2 == 0) {
      text[random() % text.size()] = static_cast<char>(random() & 0xff);
    }
    const std::size_t first = random() % (text.size() + 1);
    const std::size_t second = first + random() % (text.size() - first + 1);
    const std::string_view view = text;
    ASSERT_EQ(
        judge({view.substr(0, first), view.substr(first, second - first), view.substr(second)}),
        judge_plainly(text))
        << round;
  }
}

TEST(Utf8Test, FailsAtTheFirstByteThatCannotContinue) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed(dunlin::as_bytes("abc\xf4")));
  EXPECT_FALSE(validator.feed(dunlin::as_bytes("\x90")));
  validator.reset();
  EXPECT_TRUE(validator.finish());
  EXPECT_TRUE(validator.feed(dunlin::as_bytes("abc")));
}

TEST(Utf8Test, StateTravelsAsAWord) {
  const std::string text =
      "a\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf1\x80\x80\x80\xf4\x8f\xbf\xbf";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    ASSERT_TRUE(validator.feed(dunlin::as_bytes(text).first(cut)));
    auto copy = Utf8Validator::from_word(validator.to_word());
    ASSERT_TRUE(copy) << cut;
    EXPECT_EQ(*copy, validator);
    EXPECT_TRUE(copy->feed(dunlin::as_bytes(text).subspan(cut)));
    EXPECT_TRUE(copy->finish());
  }
  int known = 0;
  for (std::uint32_t word = 0; word < 0x1000000; ++word)
    known += Utf8Validator::from_word(word) ? 1 : 0;
  EXPECT_EQ(known, 8);
}

}  // namespace
}  // namespace ws
