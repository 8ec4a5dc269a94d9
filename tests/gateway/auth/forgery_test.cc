// Tokens that must not be believed: confused algorithms, headers that name their own keys, pieces
// of good tokens, and every single flipped bit.
#include <fmt/format.h>

#include <random>

#include "gateway/auth/base64url.h"
#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

const std::string kClaims = fmt::format(R"({{"sub":"admin","exp":{}}})", kNow / 1'000 + 60);

std::string good(const SigningKey& key) {
  return mint({.uid = "42", .now_s = kNow / 1'000, .lifetime_s = 60, .kid = "k"}, key);
}

TEST(Forgery, NoFlippedBitIsAccepted) {
  for (const Algorithm algorithm : kAlgorithms) {
    const SigningKey key = SigningKey::generate(algorithm);
    const KeySet keys(verifying(key));
    const std::string token = good(key);
    ASSERT_EQ(outcome(verify(token, keys, {}, kNow)), "uid 42") << name_of(algorithm);
    std::string forged = token;
    for (std::size_t i = 0; i < token.size(); ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        forged[i] = static_cast<char>(static_cast<unsigned char>(token[i]) ^ (1U << bit));
        EXPECT_FALSE(verify(forged, keys, {}, kNow))
            << name_of(algorithm) << " " << i << " " << bit;
      }
      forged[i] = token[i];
    }
  }
}

TEST(Forgery, NoPartOfATokenIsAccepted) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const KeySet keys(verifying(key));
  const std::string token = good(key);
  for (std::size_t size = 0; size < token.size(); ++size) {
    EXPECT_FALSE(verify(std::string_view(token).substr(0, size), keys, {}, kNow)) << size;
    EXPECT_FALSE(verify(std::string_view(token).substr(token.size() - size), keys, {}, kNow));
  }
  for (const std::string more : {"=", ".", "A", "AA", "AAAA", " ", "\n", "%3D"}) {
    EXPECT_FALSE(verify(token + more, keys, {}, kNow)) << more;
    EXPECT_FALSE(verify(more + token, keys, {}, kNow)) << more;
  }
}

TEST(Forgery, SignaturesDoNotFitOtherTokens) {
  const SigningKey key = SigningKey::generate(Algorithm::kEdDsa);
  const KeySet keys(verifying(key));
  const std::string token = good(key);
  const std::string other = sign_token(R"({"alg":"EdDSA"})", kClaims, key);
  const auto part = [](const std::string& from, int index) {
    std::size_t begin = 0;
    for (; index > 0; --index) begin = from.find('.', begin) + 1;
    return from.substr(begin, from.find('.', begin) - begin);
  };
  for (int mask = 1; mask < 7; ++mask) {
    const auto pick = [&](int index) {
      return part((mask >> index & 1) != 0 ? token : other, index);
    };
    const std::string mixed = pick(0) + "." + pick(1) + "." + pick(2);
    EXPECT_EQ(outcome(verify(mixed, keys, {}, kNow)), "signature") << mask;
  }
}

// RFC 8725 section 2.1: the public key, which everybody has, as the secret of an HMAC; and "none".
TEST(Forgery, TheAlgorithmIsTheKeys) {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    const SigningKey key = SigningKey::generate(algorithm);
    const KeySet keys(verifying(key));
    const std::string jwks = public_jwks(key, "k");
    for (const Algorithm hmac : {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512}) {
      for (const std::string& secret : {jwks, jwks.substr(0, jwks.size() - 1)}) {
        const auto forger = SigningKey::of_secret(hmac, secret);
        ASSERT_TRUE(forger);
        const std::string header = fmt::format(R"({{"alg":"{}","kid":"k"}})", name_of(hmac));
        EXPECT_EQ(outcome(verify(sign_token(header, kClaims, *forger), keys, {}, kNow)),
                  "algorithm");
        // The same, called by the key's own algorithm.
        const std::string named = fmt::format(R"({{"alg":"{}"}})", name_of(algorithm));
        EXPECT_EQ(outcome(verify(sign_token(named, kClaims, *forger), keys, {}, kNow)),
                  "signature");
      }
    }
    for (const Algorithm other : kAlgorithms) {
      if (other == algorithm) continue;
      const std::string header = fmt::format(R"({{"alg":"{}"}})", name_of(other));
      EXPECT_EQ(outcome(verify(sign_token(header, kClaims, key), keys, {}, kNow)), "algorithm");
    }
  }
}

TEST(Forgery, HeadersAreRefused) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const KeySet keys(verifying(key));
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"({"alg":"HS256"})", "uid admin"},
      {R"({"alg":"HS256","typ":7,"cty":"JWT","jku":"https://evil.example/","x5c":[]})",
       "uid admin"},
      {R"({"alg":"none"})", "algorithm"},
      {R"({"alg":"None"})", "algorithm"},
      {R"({"alg":"NONE"})", "algorithm"},
      {R"({"alg":"nOnE"})", "algorithm"},
      {R"({"alg":""})", "algorithm"},
      {R"({"alg":"hs256"})", "algorithm"},
      {R"({"alg":"HS256 "})", "algorithm"},
      {R"({"alg":"HS256\u0000"})", "algorithm"},
      {R"({"alg":"HS384"})", "algorithm"},
      {R"({"alg":"PS256"})", "algorithm"},
      {R"({"alg":null})", "malformed"},
      {R"({"alg":["HS256"]})", "malformed"},
      {R"({"typ":"JWT"})", "malformed"},
      {R"({"alg":"HS256","alg":"none"})", "malformed"},
      {R"({"alg":"none","alg":"HS256"})", "malformed"},
      {R"({"alg":"HS256","a\u006cg":"HS256"})", "malformed"},
      {R"({"alg":"HS256","crit":["exp"]})", "critical"},
      {R"({"alg":"HS256","crit":[]})", "critical"},
      {R"({"alg":"HS256","crit":null})", "critical"},
      {R"({"alg":"HS256","b64":false,"crit":["b64"]})", "critical"},  // RFC 7797.
      {R"({"alg":"HS256","kid":7})", "malformed"},
      {R"({"alg":"HS256","kid":"../../dev/null"})", "uid admin"},  // Our key has no name.
      {R"(["HS256"])", "malformed"},
      {"", "malformed"},
      {"null", "malformed"},
      {R"({"alg":"HS256"} {})", "malformed"},
  };
  for (const auto& [header, expected] : rows) {
    EXPECT_EQ(outcome(verify(sign_token(header, kClaims, key), keys, {}, kNow)), expected)
        << header;
  }
}

TEST(Forgery, ATokensOwnKeyIsNotUsed) {
  const SigningKey ours = SigningKey::generate(Algorithm::kEdDsa);
  const SigningKey theirs = SigningKey::generate(Algorithm::kEdDsa);
  const std::string jwks = public_jwks(theirs, "k");
  const std::string jwk = jwks.substr(jwks.find('[') + 1, jwks.find(']') - jwks.find('[') - 1);
  const std::string header = fmt::format(R"({{"alg":"EdDSA","kid":"k","jwk":{}}})", jwk);
  EXPECT_EQ(outcome(verify(sign_token(header, kClaims, theirs), KeySet(verifying(ours)), {}, kNow)),
            "signature");
}

TEST(Forgery, UnsignedTokensAreRefused) {
  const SigningKey key = SigningKey::generate(Algorithm::kRs256);
  const KeySet keys(verifying(key));
  const std::string payload = encode_base64url(kClaims);
  for (const std::string_view header :
       {R"({"alg":"none"})", R"({"alg":"RS256"})", R"({"alg":"HS256"})"}) {
    for (const std::string_view signature : {"", "AA", "AAAA"}) {
      const std::string token =
          encode_base64url(header) + "." + payload + "." + std::string(signature);
      EXPECT_FALSE(verify(token, keys, {}, kNow)) << token;
    }
  }
}

// CVE-2022-21449: r = s = 0, which some took for a signature of everything.
TEST(Forgery, EcdsaOfNothing) {
  const SigningKey key = SigningKey::generate(Algorithm::kEs256);
  const KeySet keys(verifying(key));
  const std::string text = encode_base64url(R"({"alg":"ES256"})") + "." + encode_base64url(kClaims);
  for (const std::string& signature :
       {std::string(64, '\0'), std::string(64, '\xff'), std::string(63, '\0'),
        std::string(65, '\0'), std::string(32, '\0') + std::string(31, '\0') + '\1'}) {
    EXPECT_EQ(outcome(verify(text + "." + encode_base64url(signature), keys, {}, kNow)),
              "signature");
  }
  // The form of other uses of ECDSA (ASN.1) is none here.
  const std::string token = sign_token(R"({"alg":"ES256"})", kClaims, key);
  EXPECT_TRUE(verify(token, keys, {}, kNow));
}

TEST(Forgery, RubbishIsRefused) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const KeySet keys(verifying(key));
  std::minstd_rand random(7);
  constexpr std::string_view kAlphabet = "ABCxyz0129-_..=+/ {}\"\\\n\x80";
  for (int i = 0; i < 100'000; ++i) {
    std::string token(random() % 64, ' ');
    for (char& c : token) c = kAlphabet[random() % kAlphabet.size()];
    EXPECT_FALSE(verify(token, keys, {}, kNow)) << token;
  }
}

// A token with the right form, whose parts are cut, doubled and exchanged at random.
TEST(Forgery, MutilatedTokensAreRefused) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const KeySet keys(verifying(key));
  const std::string token = good(key);
  std::minstd_rand random(11);
  for (int i = 0; i < 50'000; ++i) {
    std::string forged = token;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % (forged.size() + 1);
      const std::size_t size = random() % 8;
      switch (random() % 3) {
        case 0:
          forged.erase(std::min(at, forged.size()), size);
          break;
        case 1:
          forged.insert(at, token.substr(random() % token.size(), size));
          break;
        default:
          if (at < forged.size()) forged[at] = token[random() % token.size()];
      }
    }
    if (forged == token) continue;
    EXPECT_FALSE(verify(forged, keys, {}, kNow)) << forged;
  }
}

}  // namespace
}  // namespace auth
