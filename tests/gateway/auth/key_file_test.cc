#include "gateway/auth/key_file.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/gateway/auth/testing.h"

namespace auth {
namespace {

std::string public_pem(const SigningKey& key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, key.pkey());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string understood(std::string_view text, std::optional<Algorithm> algorithm = std::nullopt) {
  const auto keys = parse_keys(text, algorithm);
  if (!keys) return keys.error();
  std::string line;
  for (const Key& key : *keys) {
    line.append(line.empty() ? "" : " ").append(name_of(key.algorithm()));
  }
  return line;
}

TEST(KeyFile, IsNamedWithOrWithoutAnAlgorithm) {
  EXPECT_EQ(parse_key_file("HS256:/etc/secret").algorithm, Algorithm::kHs256);
  EXPECT_EQ(parse_key_file("HS256:/etc/secret").path, "/etc/secret");
  EXPECT_EQ(parse_key_file("/etc/a:b.pem").path, "/etc/a:b.pem");
  EXPECT_EQ(parse_key_file("/etc/a:b.pem").algorithm, std::nullopt);
  EXPECT_EQ(parse_key_file("hs256:x").path, "hs256:x");
}

TEST(KeyFile, HoldsPublicKeysInPem) {
  const SigningKey rsa = SigningKey::generate(Algorithm::kRs256);
  const SigningKey ec = SigningKey::generate(Algorithm::kEs256);
  const SigningKey ed = SigningKey::generate(Algorithm::kEdDsa);
  const std::string all = public_pem(rsa) + "\n# the next\n" + public_pem(ec) + public_pem(ed);
  EXPECT_EQ(understood(public_pem(rsa)), "RS256");
  EXPECT_EQ(understood(all), "RS256 ES256 EdDSA");
  EXPECT_EQ(understood(all, Algorithm::kEs256), "ES256");
  EXPECT_EQ(understood(public_pem(ed), Algorithm::kRs256), "has no key for RS256");
  EXPECT_EQ(understood(ed.private_text()),
            "holds a private key; the gateway needs the public half only");
  EXPECT_EQ(understood(public_pem(ed) + ec.private_text()),
            "holds a private key; the gateway needs the public half only");
  // The confusion of a public key with a secret ends here.
  EXPECT_EQ(understood(public_pem(rsa), Algorithm::kHs256),
            "is a key in PEM, not a secret for HS256");
  EXPECT_EQ(understood(public_pem(ed).substr(0, 60)), "is not well-formed PEM");
  EXPECT_EQ(understood("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "has a PEM block that is no public key (-----BEGIN PUBLIC KEY-----)");
  EXPECT_EQ(understood("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
            "has a public key in PEM that cannot be read");
}

TEST(KeyFile, KeysOfOtherKindsAreRefused) {
  const auto refused = [](EVP_PKEY* pkey) {
    auto key = Key::of_public(EvpKey(pkey));
    return key ? std::string("accepted") : key.error();
  };
  EXPECT_EQ(refused(EVP_RSA_gen(1'024)), "is an RSA key of 1024 bits; 2048 to 8192 are accepted");
  EXPECT_EQ(refused(EVP_EC_gen("secp384r1")), "is neither an RSA, nor a P-256, nor an Ed25519 key");
  EXPECT_EQ(refused(EVP_EC_gen("secp256k1")), "is neither an RSA, nor a P-256, nor an Ed25519 key");
  EXPECT_EQ(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")),
            "is neither an RSA, nor a P-256, nor an Ed25519 key");
  EXPECT_EQ(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")),
            "is neither an RSA, nor a P-256, nor an Ed25519 key");
}

TEST(KeyFile, HoldsASecretOfSomeLength) {
  const std::string text(31, 's');
  EXPECT_EQ(understood(text + "s", Algorithm::kHs256), "HS256");
  EXPECT_EQ(understood(text + "s\n", Algorithm::kHs256), "HS256");
  EXPECT_EQ(understood(text + "\n", Algorithm::kHs256),
            "is a secret of 31 bytes; HS256 needs at least 32");
  EXPECT_EQ(understood(text + text, Algorithm::kHs512),
            "is a secret of 62 bytes; HS512 needs at least 64");
  EXPECT_EQ(understood("", Algorithm::kHs256), "is a secret of 0 bytes; HS256 needs at least 32");
  EXPECT_EQ(secret_in("s\r\n"), "s");
  EXPECT_EQ(secret_in("s\n\n"), "s\n");
  EXPECT_EQ(understood(text + "s"),
            "is neither PEM nor JSON; a secret is named with its algorithm, as in \"HS256:FILE\"");
  EXPECT_EQ(understood(""),
            "is neither PEM nor JSON; a secret is named with its algorithm, as in \"HS256:FILE\"");
}

TEST(KeyFile, HoldsJson) {
  const SigningKey key = SigningKey::generate(Algorithm::kEdDsa);
  EXPECT_EQ(understood("\n " + public_jwks(key, "a")), "EdDSA");
  EXPECT_EQ(understood(public_jwks(key, "a"), Algorithm::kEdDsa), "EdDSA");
  EXPECT_EQ(understood(public_jwks(key, "a"), Algorithm::kHs256), "has no key for HS256");
}

TEST(KeyFile, CannotAlwaysBeRead) {
  EXPECT_EQ(read_key_file("/nowhere/at/all").error(), "cannot be read: No such file or directory");
  EXPECT_EQ(read_key_file("/").error(), "cannot be read: Is a directory");
  EXPECT_EQ(read_key_file("/dev/zero").error(), "is larger than 1048576 bytes");
}

}  // namespace
}  // namespace auth
