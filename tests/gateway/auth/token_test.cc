// Tokens of the RFCs, and what a key set makes of a token.
#include "gateway/auth/token.h"

#include <fmt/format.h>

#include "gateway/auth/base64url.h"
#include "proto/push/base64.h"
#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

// RFC 7515 appendices A.1 to A.3 and RFC 7519 section 3.1: one payload, three signatures.
constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::int64_t kExpiry = 1'300'819'380'000;

struct Vector {
  std::string_view section;
  std::string_view jwk;
  std::string_view header;
  std::string_view signature;
};

constexpr Vector kVectors[] = {
    {"RFC 7515 A.1",
     R"({"kty":"oct","alg":"HS256",
         "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {"RFC 7515 A.2",
     R"({"kty":"RSA","e":"AQAB",
         "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
     "eyJhbGciOiJSUzI1NiJ9",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
     "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
     "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
     "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
     "cN_IoypGlUPQGe77Rw"},
    {"RFC 7515 A.3",
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9",
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
};

Rules rules_of_the_rfc() {
  Rules rules;
  rules.uid_claim = "iss";  // They have no sub.
  return rules;
}

TEST(Token, VerifiesTheRfcsExamples) {
  for (const Vector& vector : kVectors) {
    const KeySet keys = keys_of(vector.jwk);
    const std::string token = fmt::format("{}.{}.{}", vector.header, kPayload, vector.signature);
    EXPECT_EQ(outcome(verify(token, keys, rules_of_the_rfc(), kExpiry - 1)), "uid joe")
        << vector.section;
    EXPECT_EQ(outcome(verify(token, keys, rules_of_the_rfc(), kNow)), "expired") << vector.section;
    EXPECT_EQ(outcome(verify(token, keys, {}, kExpiry - 1)), "uid") << vector.section;
    for (const Vector& other : kVectors) {
      if (other.section == vector.section) continue;
      EXPECT_EQ(outcome(verify(token, keys_of(other.jwk), rules_of_the_rfc(), kExpiry - 1)),
                "algorithm");
    }
  }
}

// A.1.4, A.2.4, A.3.4: its payload is no JWT, but its signature holds.
TEST(Token, VerifiesEd25519AsRfc8037A5) {
  const KeySet keys =
      keys_of(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const std::string_view text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string_view signature =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  EXPECT_TRUE(keys.keys()[0].verify(text, *decode_base64url(signature)));
  EXPECT_EQ(outcome(verify(fmt::format("{}.{}", text, signature), keys, {}, kNow)), "malformed");
}

// Appendices A.1 to A.4: the private key, its thumbprint, and the same signature, since Ed25519 is
// deterministic.
TEST(Token, SignsEd25519AsRfc8037) {
  const auto seed = decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  std::string pkcs8("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
  pkcs8 += *seed;
  std::string pem = "-----BEGIN PRIVATE KEY-----\n";
  push::append_base64(pem, pkcs8);
  pem += "\n-----END PRIVATE KEY-----\n";
  const auto key = SigningKey::of_pem(pem);
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(
      sign_token(R"({"alg":"EdDSA"})", "Example of Ed25519 signing", *key),
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  EXPECT_NE(public_jwks(*key, "").find(R"("kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")"),
            std::string::npos);
}

TEST(Token, TurnsOverKeys) {
  const SigningKey old_key = SigningKey::generate(Algorithm::kEs256);
  const SigningKey new_key = SigningKey::generate(Algorithm::kEs256);
  const auto by = [](const SigningKey& key, std::string kid) {
    return mint({.uid = "42", .now_s = kNow / 1'000, .lifetime_s = 60, .kid = std::move(kid)}, key);
  };
  const auto seen = [](const std::string& token, std::vector<Key>&& keys) {
    return outcome(verify(token, KeySet(std::move(keys)), {}, kNow));
  };
  const auto both = [&] {
    std::vector<Key> keys = verifying(old_key, "old");
    for (Key& key : verifying(new_key, "new")) keys.push_back(std::move(key));
    return keys;
  };
  EXPECT_EQ(seen(by(old_key, "old"), both()), "uid 42");
  EXPECT_EQ(seen(by(new_key, "new"), both()), "uid 42");
  EXPECT_EQ(seen(by(new_key, ""), both()), "uid 42");  // Tried with each.
  EXPECT_EQ(seen(by(old_key, "new"), both()), "signature");
  EXPECT_EQ(seen(by(old_key, "older"), both()), "unknown_key");
  EXPECT_EQ(seen(by(old_key, "old"), verifying(new_key, "new")), "unknown_key");
  EXPECT_EQ(seen(by(old_key, "old"), verifying(new_key, "old")), "signature");
  EXPECT_EQ(seen(by(old_key, "old"), {}), "algorithm");
}

TEST(Token, IsBounded) {
  const SigningKey key = SigningKey::generate(Algorithm::kHs256);
  const std::string token = mint({.uid = "42", .now_s = kNow / 1'000, .lifetime_s = 60}, key);
  Rules rules;
  rules.token_size_max = token.size();
  const KeySet keys = KeySet(verifying(key));
  EXPECT_EQ(outcome(verify(token, keys, rules, kNow)), "uid 42");
  --rules.token_size_max;
  EXPECT_EQ(outcome(verify(token, keys, rules, kNow)), "too_large");
  EXPECT_EQ(outcome(verify("", keys, rules, kNow)), "missing");
}

}  // namespace
}  // namespace auth
