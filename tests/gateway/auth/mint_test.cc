#include "gateway/auth/mint.h"

#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

TEST(Mint, MakesWhatIsVerified) {
  for (const Algorithm algorithm : kAlgorithms) {
    const SigningKey key = SigningKey::generate(algorithm);
    ASSERT_EQ(key.algorithm(), algorithm);
    const std::string token = mint({.uid = "42", .now_s = kNow / 1'000, .lifetime_s = 60}, key);
    EXPECT_EQ(outcome(verify(token, KeySet(verifying(key)), {}, kNow)), "uid 42");
    EXPECT_EQ(outcome(verify(token, KeySet(verifying(SigningKey::generate(algorithm))), {}, kNow)),
              "signature");
  }
}

TEST(Mint, SaysWhatItIsTold) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const std::string token =
      mint({.uid = "a\"\\\n",
            .issuer = "i",
            .audiences = {"x", "y"},
            .now_s = 7,
            .lifetime_s = 3,
            .channels = {"n.*"},
            .subscribe = {"n.1"},
            .claims = {{"iat", "8"}, {"name", "Jo"}, {"limits", R"({"a":1})"}},
            .kid = "k"},
           key);
  const auto parts = split(token);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->header, R"({"alg":"HS256","typ":"JWT","kid":"k"})");
  EXPECT_EQ(parts->payload,
            R"({"sub":"a\"\\\n","iss":"i","aud":["x","y"],"iat":8,"exp":10,"channels":["n.*"],)"
            R"("subscribe":["n.1"],"name":"Jo","limits":{"a":1}})");
}

TEST(Mint, ReadsItsKeysBack) {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    const SigningKey key = SigningKey::generate(algorithm);
    const auto read = SigningKey::of_pem(key.private_text());
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(public_jwks(*read, ""), public_jwks(key, ""));
  }
  EXPECT_FALSE(SigningKey::of_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

}  // namespace
}  // namespace auth
