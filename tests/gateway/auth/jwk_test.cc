#include "gateway/auth/jwk.h"

#include <fmt/format.h>

#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

// "HS256 kid a, RS256", or what is wrong.
std::string understood(std::string_view jwks) {
  const auto keys = parse_jwks(jwks);
  if (!keys) return keys.error();
  std::string line;
  for (const Key& key : *keys) {
    if (!line.empty()) line += ", ";
    line += name_of(key.algorithm());
    if (!key.kid().empty()) line += " kid " + key.kid();
  }
  return line;
}

const std::string kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";  // RFC 7515 A.3.
const std::string kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const std::string kEd = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";  // RFC 8037 A.2.
const std::string kSecret = std::string(43, 'A');                       // 32 bytes.

std::string ec(std::string_view more = "") {
  return fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{}}})", kX, kY, more);
}
std::string okp(std::string_view more = "") {
  return fmt::format(R"({{"kty":"OKP","crv":"Ed25519","x":"{}"{}}})", kEd, more);
}
std::string oct(std::string_view more = R"(,"alg":"HS256")") {
  return fmt::format(R"({{"kty":"oct","k":"{}"{}}})", kSecret, more);
}
std::string set(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

TEST(Jwk, IsReadAsRfc7517And7518And8037Say) {
  const std::pair<std::string, std::string> rows[] = {
      {ec(), "ES256"},
      {ec(R"(,"kid":"a","use":"sig","alg":"ES256","key_ops":["verify"],"x5t":"…")"), "ES256 kid a"},
      {okp(), "EdDSA"},
      {oct(), "HS256"},
      {oct(R"(,"alg":"HS384")"), "is a secret of 32 bytes; HS384 needs at least 48"},
      {oct(""), "has a secret (kty oct) without \"alg\": HS256, HS384 or HS512"},
      {oct(R"(,"alg":"RS256")"), "is a secret, and RS256 takes none"},
      {ec(R"(,"alg":"HS256")"), "has a key of kty EC whose alg is HS256"},
      {okp(R"(,"alg":"ES256")"), "has a key of kty OKP whose alg is ES256"},
      {ec(R"(,"alg":"ES384")"), "has a key of an algorithm that is not known"},
      {ec(R"(,"use":"enc")"), "has a key that is not for signatures (use)"},
      {ec(R"(,"key_ops":["sign"])"), "has a key that is not to verify with (key_ops)"},
      {ec(R"(,"d":"AA")"), "holds a private key; the gateway needs the public half only"},
      {ec(R"(,"kid":7)"), "has a JWK whose \"kid\" is missing or malformed"},
      {ec(R"(,"kid":"a","kid":"b")"), "is not one well-formed JSON object"},
      {R"({"kty":"EC","crv":"P-384","x":"","y":""})", "has an EC key whose curve is not P-256"},
      {fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}})", kX, kX),
       "has a JWK whose \"x\" is missing or malformed"},  // Not on the curve.
      {fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}"}})", kX),
       "has a JWK whose \"y\" is missing or malformed"},
      {R"({"kty":"OKP","crv":"Ed448","x":""})", "has an OKP key whose curve is not Ed25519"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})",
       "has a JWK whose \"x\" is missing or malformed"},
      {R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
       "is an RSA key of 17 bits; 2048 to 8192 are accepted"},
      {R"({"kty":"RSA","n":"AQAB","e":"AQ"})", "has a JWK whose \"e\" is missing or malformed"},
      {R"({"kty":"RSA","n":"AQAB","e":"Ag"})", "has a JWK whose \"e\" is missing or malformed"},
      {R"({"kty":"RSA","n":"AQ AB","e":"AQAB"})", "has a JWK whose \"n\" is missing or malformed"},
      {R"({"kty":"PQC"})", "has a JWK whose kty is none of RSA, EC, OKP and oct"},
      {"{}", "has a JWK whose kty is none of RSA, EC, OKP and oct"},
      {"[]", "is not one well-formed JSON object"},
      {"", "is not one well-formed JSON object"},
      {R"({"kty":"OKP")", "is not one well-formed JSON object"},

      {set(""), "is a JWK Set without keys"},
      {set(ec(R"(,"kid":"a")") + "," + okp(R"(,"kid":"b")") + "," + oct()),
       "ES256 kid a, EdDSA kid b, HS256"},
      // 5: what is not understood is passed over; what must not be there is not.
      {set(R"({"kty":"PQC"},)" + ec(R"(,"use":"enc")") + "," + okp()), "EdDSA"},
      {set(R"({"kty":"PQC"})"), "has a JWK whose kty is none of RSA, EC, OKP and oct"},
      {set(okp() + "," + ec(R"(,"d":"AA")")),
       "holds a private key; the gateway needs the public half only"},
      {set(okp() + "," + ec(R"(,"kid":"a","kid":"b")")),
       "has a JWK with a member that comes twice"},
      {set("7," + okp()), "EdDSA"},
  };
  for (const auto& [jwks, line] : rows) EXPECT_EQ(understood(jwks), line) << jwks;
}

TEST(Jwk, SetsAreBounded) {
  const auto of = [](int count) {
    std::string keys = okp();
    for (int i = 1; i < count; ++i) keys += "," + okp();
    return set(keys);
  };
  EXPECT_EQ(parse_jwks(of(64))->size(), 64U);
  EXPECT_EQ(understood(of(65)), "has more than 64 keys");
}

TEST(Jwk, GivesBackThePublicHalf) {
  for (const Algorithm algorithm : {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEdDsa}) {
    for (int i = 0; i < (algorithm == Algorithm::kEs256 ? 50 : 1);
         ++i) {  // x or y may begin with 0.
      const SigningKey key = SigningKey::generate(algorithm);
      const std::string jwks = public_jwks(key, "");
      const auto keys = parse_jwks(jwks);
      ASSERT_TRUE(keys) << keys.error() << jwks;
      EXPECT_TRUE(keys->at(0).verify("text", key.sign("text")));
      EXPECT_FALSE(keys->at(0).verify("other", key.sign("text")));
      EXPECT_EQ(keys->at(0).kid().size(), 43U) << "a thumbprint of RFC 7638";
    }
  }
}

}  // namespace
}  // namespace auth
