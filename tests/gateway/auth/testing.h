// Shorthands of the tests of tokens.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/auth/jwk.h"
#include "gateway/auth/key_file.h"
#include "gateway/auth/mint.h"
#include "gateway/auth/token.h"

namespace auth {

inline constexpr std::int64_t kNow = 1'800'000'000'000;  // Unix time in milliseconds.
inline constexpr Algorithm kAlgorithms[] = {Algorithm::kHs256, Algorithm::kHs384,
                                            Algorithm::kHs512, Algorithm::kRs256,
                                            Algorithm::kEs256, Algorithm::kEdDsa};

inline KeySet set_of(std::vector<Key>&& keys) { return KeySet(std::move(keys)); }

// The keys of a JWK or JWK Set that must be sound.
inline KeySet keys_of(std::string_view jwks) {
  auto keys = parse_jwks(jwks);
  EXPECT_TRUE(keys) << keys.error();
  return KeySet(keys ? std::move(*keys) : std::vector<Key>());
}

// What the gateway is given of a key that signs.
inline std::vector<Key> verifying(const SigningKey& key, std::string_view kid = "k") {
  if (!is_hmac(key.algorithm())) {
    auto keys = parse_jwks(public_jwks(key, kid));
    EXPECT_TRUE(keys);
    return std::move(*keys);
  }
  auto keys = parse_keys(key.private_text(), key.algorithm());
  EXPECT_TRUE(keys);
  return std::move(*keys);
}

// One line that says what came of a token: "uid 42", or the refusal's name.
inline std::string outcome(const std::expected<Identity, Refusal>& verified) {
  if (verified) return "uid " + verified->uid;
  return std::string(name_of(verified.error()));
}

}  // namespace auth
