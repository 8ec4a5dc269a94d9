// A key and the one algorithm it is for: what keeps a token's `alg` from choosing how a key is used
// (RFC 8725 section 3.1). A secret verifies HMACs and a public key signatures; neither ever does
// the other's work.
//
// Owner: KeySet; a SigningKey: the command that mints.   Thread: any (immutable).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/auth/algorithm.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY.

namespace auth {

struct EvpKeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using EvpKey = std::unique_ptr<evp_pkey_st, EvpKeyDeleter>;

// Errors are phrases that fit behind a file's name: "is an RSA key of 1024 bits; …".
class Key {
 public:
  [[nodiscard]] static std::expected<Key, std::string> of_secret(Algorithm algorithm,
                                                                 std::string secret,
                                                                 std::string kid = {});
  // The algorithm follows from the kind of key: RSA RS256, P-256 ES256, Ed25519 EdDSA.
  [[nodiscard]] static std::expected<Key, std::string> of_public(EvpKey key, std::string kid = {});

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] const std::string& kid() const { return kid_; }  // Empty: none.

  // Whether `signature` (its bytes, as RFC 7518 has them) is by this key over `text`.
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;

 private:
  Key(Algorithm algorithm, std::string kid) : algorithm_(algorithm), kid_(std::move(kid)) {}

  Algorithm algorithm_;
  std::string kid_;
  std::string secret_;  // Of an HMAC.
  EvpKey public_;       // Of everything else.
};

// What `dunlin token` signs with; the gateway has none.
class SigningKey {
 public:
  [[nodiscard]] static std::expected<SigningKey, std::string> of_secret(Algorithm algorithm,
                                                                        std::string secret);
  [[nodiscard]] static std::expected<SigningKey, std::string> of_private(EvpKey key);
  // A private key in PEM, without a passphrase.
  [[nodiscard]] static std::expected<SigningKey, std::string> of_pem(std::string_view pem);
  [[nodiscard]] static SigningKey generate(Algorithm algorithm);

  [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
  [[nodiscard]] std::string sign(std::string_view text) const;

  // What a file of this key holds: PEM (PKCS #8), or the secret and a newline.
  [[nodiscard]] std::string private_text() const;
  [[nodiscard]] const evp_pkey_st* pkey() const { return key_.get(); }  // Null: a secret.

 private:
  explicit SigningKey(Algorithm algorithm) : algorithm_(algorithm) {}

  Algorithm algorithm_;
  std::string secret_;
  EvpKey key_;
};

}  // namespace auth
