#include "gateway/auth/key.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <optional>
#include <utility>

#include "gateway/auth/openssl.h"
#include "proto/base/assert.h"

namespace auth {
namespace {

constexpr int kRsaBitsMin = 2'048;  // RFC 7518 3.3.
constexpr int kRsaBitsMax = 8'192;  // A signature is checked in 0.4 ms still.
constexpr std::size_t kSecretSizeMax = 4'096;

using openssl::bytes;

const EVP_MD* digest_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kHs384:
      return EVP_sha384();
    case Algorithm::kHs512:
      return EVP_sha512();
    case Algorithm::kEdDsa:
      return nullptr;  // It has its own inside.
    default:
      return EVP_sha256();
  }
}

std::string hmac(Algorithm algorithm, const std::string& secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const bool made = HMAC(digest_of(algorithm), secret.data(), static_cast<int>(secret.size()),
                         bytes(text), text.size(), mac.data(), &size) != nullptr;
  DUNLIN_ASSERT(made);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

std::optional<std::string> complaint_about_secret(Algorithm algorithm, std::size_t size) {
  if (!is_hmac(algorithm)) {
    return fmt::format("is a secret, and {} takes none", name_of(algorithm));
  }
  if (size < secret_size_min(algorithm)) {
    return fmt::format("is a secret of {} bytes; {} needs at least {}", size, name_of(algorithm),
                       secret_size_min(algorithm));
  }
  if (size > kSecretSizeMax)
    return fmt::format("is a secret of more than {} bytes", kSecretSizeMax);
  return std::nullopt;
}

std::expected<Algorithm, std::string> algorithm_of(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_ED25519) return Algorithm::kEdDsa;
  if (kind == EVP_PKEY_RSA) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits >= kRsaBitsMin && bits <= kRsaBitsMax) return Algorithm::kRs256;
    return std::unexpected(fmt::format("is an RSA key of {} bits; {} to {} are accepted", bits,
                                       kRsaBitsMin, kRsaBitsMax));
  }
  if (kind == EVP_PKEY_EC) {
    std::array<char, 64> group{};
    std::size_t size = 0;
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                       &size) == 1 &&
        std::string_view(group.data(), size) == SN_X9_62_prime256v1) {
      return Algorithm::kEs256;
    }
  }
  return std::unexpected("is neither an RSA, nor a P-256, nor an Ed25519 key");
}

// RFC 7518 3.4: r and s, 32 bytes each; OpenSSL takes ASN.1. Empty: not two such numbers.
std::string to_asn1(std::string_view raw) {
  if (raw.size() != 2 * kP256Size) return {};
  openssl::EcdsaSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes(raw), kP256Size, nullptr);
  BIGNUM* s = BN_bin2bn(bytes(raw.substr(kP256Size)), kP256Size, nullptr);
  DUNLIN_ASSERT(ECDSA_SIG_set0(signature.get(), r, s) == 1);  // It owns them now.
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  DUNLIN_ASSERT(size > 0);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

std::string from_asn1(std::string_view der) {
  const unsigned char* at = bytes(der);
  const openssl::EcdsaSignature signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  DUNLIN_ASSERT(signature != nullptr);
  std::array<unsigned char, 2 * kP256Size> raw{};
  const bool fits =
      BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), kP256Size) == kP256Size &&
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + kP256Size, kP256Size) ==
          kP256Size;
  DUNLIN_ASSERT(fits);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return 0; }

}  // namespace

void EvpKeyDeleter::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

std::expected<Key, std::string> Key::of_secret(Algorithm algorithm, std::string secret,
                                               std::string kid) {
  if (auto complaint = complaint_about_secret(algorithm, secret.size())) {
    return std::unexpected(*std::move(complaint));
  }
  Key key(algorithm, std::move(kid));
  key.secret_ = std::move(secret);
  return key;
}

std::expected<Key, std::string> Key::of_public(EvpKey pkey, std::string kid) {
  const auto algorithm = algorithm_of(pkey.get());
  if (!algorithm) return std::unexpected(algorithm.error());
  Key key(*algorithm, std::move(kid));
  key.public_ = std::move(pkey);
  return key;
}

bool Key::verify(std::string_view text, std::string_view signature) const {
  if (is_hmac(algorithm_)) {
    const std::string expected = hmac(algorithm_, secret_, text);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  }
  std::string asn1;
  if (algorithm_ == Algorithm::kEs256) {
    asn1 = to_asn1(signature);
    if (asn1.empty()) return false;
    signature = asn1;
  }
  const openssl::DigestContext context(EVP_MD_CTX_new());
  const bool verified = EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr,
                                             public_.get()) == 1 &&
                        EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
                                         bytes(text), text.size()) == 1;
  if (!verified) openssl::forget_errors();
  return verified;
}

std::expected<SigningKey, std::string> SigningKey::of_secret(Algorithm algorithm,
                                                             std::string secret) {
  if (auto complaint = complaint_about_secret(algorithm, secret.size())) {
    return std::unexpected(*std::move(complaint));
  }
  SigningKey key(algorithm);
  key.secret_ = std::move(secret);
  return key;
}

std::expected<SigningKey, std::string> SigningKey::of_private(EvpKey pkey) {
  const auto algorithm = algorithm_of(pkey.get());
  if (!algorithm) return std::unexpected(algorithm.error());
  SigningKey key(*algorithm);
  key.key_ = std::move(pkey);
  return key;
}

std::expected<SigningKey, std::string> SigningKey::of_pem(std::string_view pem) {
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  openssl::forget_errors();
  if (key == nullptr) return std::unexpected("holds no private key in PEM without a passphrase");
  return of_private(std::move(key));
}

SigningKey SigningKey::generate(Algorithm algorithm) {
  SigningKey key(algorithm);
  switch (algorithm) {
    case Algorithm::kRs256:
      key.key_.reset(EVP_RSA_gen(3'072));
      break;
    case Algorithm::kEs256:
      key.key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", SN_X9_62_prime256v1));
      break;
    case Algorithm::kEdDsa:
      key.key_.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
    default: {  // Hexadecimal digits, so that the file is text: half of the bits of each count.
      std::array<unsigned char, 64> random{};
      const std::size_t size = secret_size_min(algorithm);
      DUNLIN_ASSERT(RAND_bytes(random.data(), static_cast<int>(size)) == 1);
      for (std::size_t i = 0; i < size; ++i) key.secret_ += fmt::format("{:02x}", random[i]);
      return key;
    }
  }
  DUNLIN_ASSERT(key.key_ != nullptr);
  return key;
}

std::string SigningKey::sign(std::string_view text) const {
  if (is_hmac(algorithm_)) return hmac(algorithm_, secret_, text);
  const openssl::DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  bool made =
      EVP_DigestSignInit(context.get(), nullptr, digest_of(algorithm_), nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes(text), text.size()) == 1;
  std::string signature(size, '\0');
  made = made && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes(text), text.size()) == 1;
  DUNLIN_ASSERT(made);
  signature.resize(size);
  return algorithm_ == Algorithm::kEs256 ? from_asn1(signature) : signature;
}

std::string SigningKey::private_text() const {
  if (key_ == nullptr) return secret_ + "\n";
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  DUNLIN_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace auth
