#include "gateway/auth/base64url.h"

#include <gtest/gtest.h>

#include <random>

namespace auth {
namespace {

TEST(Base64Url, KnowsRfc4648AndRfc7515) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"},
      {"\x03\xec\xff\xe0\xc1", "A-z_4ME"},  // RFC 7515 appendix C.
  };
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(encode_base64url(bytes), text);
    EXPECT_EQ(decode_base64url(text), bytes);
  }
}

TEST(Base64Url, TakesOneSpellingOnly) {
  constexpr std::string_view kBad[] = {
      "Z",   "Zg==", "Zg=",     "Zh",    "Zm9=",    "Zm9",     "Z g",
      " Zg", "Zg\n", "A+z/4ME", "Zm9vY", "Zm\x80v", {"Z\0", 2}};
  for (const std::string_view bad : kBad) {
    EXPECT_EQ(decode_base64url(bad), std::nullopt) << bad;
  }
}

TEST(Base64Url, GivesBackWhatItTook) {
  std::minstd_rand random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random()));
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
  }
}

}  // namespace
}  // namespace auth
