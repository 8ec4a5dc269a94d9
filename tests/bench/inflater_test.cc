#include "bench/load/client/inflater.h"

#include <gtest/gtest.h>

#include <string>

namespace load {
namespace {

constexpr std::size_t kSizeMax = 1 << 20;

// As a server does: raw deflate, flushed, without the four bytes that are always the same.
std::string compress(std::string_view text, int flush = Z_SYNC_FLUSH) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (flush == Z_SYNC_FLUSH) out.resize(out.size() - 4);
  return out;
}

TEST(Inflater, RoundTripAtManySizes) {
  Inflater inflater;
  for (const std::size_t size :
       std::initializer_list<std::size_t>{1, 33, 16'383, 16'384, 16'385, 100'000}) {
    std::string text;
    while (text.size() < size) text += std::to_string(text.size() * 7919) + " and ";
    text.resize(size);
    const std::string wire = compress(text);
    for (int i = 0; i < 3; ++i) {
      const auto message = inflater.inflate(wire, kSizeMax);
      ASSERT_TRUE(message.has_value()) << size;
      EXPECT_EQ(*message, text);
    }
  }
}

// RFC 7692 section 7.2.3.1 and 7.2.3.2.
TEST(Inflater, TheExamplesOfTheRfc) {
  Inflater inflater;
  EXPECT_EQ(inflater.inflate(std::string("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), kSizeMax), "Hello");
  // Without compression (section 7.2.3.3), and with a final block (7.2.3.4).
  EXPECT_EQ(inflater.inflate(std::string("\x00\x05\x00\xfa\xffHello\x00", 11), kSizeMax), "Hello");
  EXPECT_EQ(inflater.inflate(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), kSizeMax),
            "Hello");
  // Two blocks (7.2.3.5).
  EXPECT_EQ(inflater.inflate(
                std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13), kSizeMax),
            "Hello");
  // An empty message (7.2.3.6).
  EXPECT_EQ(inflater.inflate(std::string("\x00", 1), kSizeMax), "");
}

TEST(Inflater, EachMessageIsWhatItIsWhateverCameBefore) {
  Inflater inflater;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i) {  // More than are remembered.
      const std::string text = "message number " + std::to_string(i);
      EXPECT_EQ(inflater.inflate(compress(text), kSizeMax), text);
    }
  }
}

TEST(Inflater, DamageAndWhatComesAfterIt) {
  Inflater inflater;
  const std::string wire = compress("a message that is sent more than once");
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(inflater.inflate("\xff\xff\xff", kSizeMax).has_value());
    EXPECT_EQ(inflater.inflate(wire, kSizeMax), "a message that is sent more than once");
  }
}

TEST(Inflater, ABombIsCutOff) {
  Inflater inflater;
  const std::string bomb = compress(std::string(10 << 20, 'x'));
  EXPECT_LT(bomb.size(), 20'000u);
  EXPECT_FALSE(inflater.inflate(bomb, kSizeMax).has_value());
}

}  // namespace
}  // namespace load
