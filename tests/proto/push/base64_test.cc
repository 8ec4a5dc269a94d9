#include "proto/push/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

std::string encoded(std::string_view bytes) {
  std::string out = "|";
  push::append_base64(out, bytes);
  return out.substr(1);
}

// RFC 4648 section 10.
TEST(Base64, EncodesTheVectors) {
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    std::string decoded;
    ASSERT_TRUE(push::decode_base64(encoded(bytes), decoded)) << i;
    EXPECT_EQ(decoded, bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  std::string out;
  for (const std::string_view text :
       {"A", "AA", "AAA", "A===", "====", "AA=A", "=AAA", "AA==AAAA", "AB==", "AAB=", "AAA\n",
        "AA-_", "A A=", "AAAAA", "\377AAA"}) {
    EXPECT_FALSE(push::decode_base64(text, out)) << text;
  }
}

}  // namespace
