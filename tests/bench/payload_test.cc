#include "bench/load/payload.h"

#include <gtest/gtest.h>
#include <simdjson.h>
#include <zlib.h>

#include <set>
#include <string>
#include <vector>

namespace load {
namespace {

constexpr PayloadKind kBoth[] = {PayloadKind::kLetters, PayloadKind::kJson};

TEST(Payload, HasTheSizeAskedForButHoldsAtLeastTheStamp) {
  EXPECT_EQ(Payload(PayloadKind::kLetters, 0).text().size(), kStampSize);
  EXPECT_EQ(Payload(PayloadKind::kJson, 0).text().size(), Payload::kJsonSizeMin);
  for (const PayloadKind kind : kBoth) {
    for (const std::size_t size :
         std::initializer_list<std::size_t>{128, 129, 500, 1'024, 4'096, 65'536}) {
      EXPECT_EQ(Payload(kind, size).text().size(), size);
    }
  }
}

TEST(Payload, CarriesAStamp) {
  for (const PayloadKind kind : kBoth) {
    Payload payload(kind, 300);
    const Payload receiver(kind, 300);
    payload.stamp({.stream = 1, .sequence = 77, .due_ns = 123'456'789});
    const auto stamp = receiver.stamp_of(payload.text());
    ASSERT_TRUE(stamp.has_value());
    EXPECT_EQ(stamp->stream, 1);
    EXPECT_EQ(stamp->sequence, 77u);
    EXPECT_EQ(stamp->due_ns, 123'456'789);
    EXPECT_TRUE(receiver.is_intact(payload.text()));
    EXPECT_FALSE(receiver.stamp_of("heartbeat").has_value());
    EXPECT_FALSE(receiver.stamp_of("").has_value());
  }
}

TEST(Payload, ShowsDamageAnywhereButInTheStamp) {
  for (const PayloadKind kind : kBoth) {
    const Payload payload(kind, 300);
    const std::string original(payload.text());
    std::size_t unseen = 0;
    for (std::size_t i = 0; i < original.size(); ++i) {
      std::string damaged = original;
      damaged[i] = '!';
      if (payload.is_intact(damaged)) ++unseen;
    }
    EXPECT_EQ(unseen, kStampSize);
    EXPECT_FALSE(payload.is_intact(original.substr(0, 299)));
    EXPECT_FALSE(payload.is_intact(original + "x"));
  }
}

TEST(Payload, LettersNeedNoEscapes) {
  const Payload payload(PayloadKind::kLetters, 500);
  for (const char c : payload.text()) {
    EXPECT_TRUE((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '~') << c;
  }
}

TEST(Payload, JsonIsJsonAndNeedsNoEscapesButForItsQuotes) {
  simdjson::dom::parser parser;
  for (std::size_t size = Payload::kJsonSizeMin; size < 3'000; size += 7) {
    const Payload payload(PayloadKind::kJson, size);
    simdjson::dom::element document;
    ASSERT_EQ(parser.parse(std::string(payload.text())).get(document), simdjson::SUCCESS) << size;
    EXPECT_EQ(document["type"].get_string().value(), "feed");
    for (const char c : payload.text()) EXPECT_TRUE(c >= ' ' && c < 127 && c != '\\') << c;
  }
}

// What is said of it in payload.h: neither noise nor one letter.
TEST(Payload, JsonCompressesAsMessagesDo) {
  const auto share = [](std::size_t size) {
    const Payload payload(PayloadKind::kJson, size);
    uLongf compressed_size = compressBound(size);
    std::vector<Bytef> compressed(compressed_size);
    compress(compressed.data(), &compressed_size,
             reinterpret_cast<const Bytef*>(payload.text().data()), size);
    return static_cast<double>(compressed_size) / static_cast<double>(size);
  };
  EXPECT_GT(share(1'024), 0.40);
  EXPECT_LT(share(1'024), 0.60);
  EXPECT_GT(share(4'096), 0.25);
  EXPECT_LT(share(4'096), 0.42);
}

TEST(Payload, EveryRunHasTheSame) {
  EXPECT_EQ(Payload(PayloadKind::kJson, 2'000).text(), Payload(PayloadKind::kJson, 2'000).text());
  const std::string text(Payload(PayloadKind::kJson, 2'000).text());
  EXPECT_GT(std::set<char>(text.begin(), text.end()).size(), 30u);
}

}  // namespace
}  // namespace load
