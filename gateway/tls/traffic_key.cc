#include "gateway/tls/traffic_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "proto/base/assert.h"

namespace tls {
namespace {

constexpr std::array<CipherSuite, 3> kSuites{{
    {.id = 0x1301,
     .cipher = "AES-128-GCM",
     .digest = "SHA2-256",
     .key_size = 16,
     .secret_size = 32},
    {.id = 0x1302,
     .cipher = "AES-256-GCM",
     .digest = "SHA2-384",
     .key_size = 32,
     .secret_size = 48},
    {.id = 0x1303,
     .cipher = "ChaCha20-Poly1305",
     .digest = "SHA2-256",
     .key_size = 32,
     .secret_size = 32},
}};

unsigned char* as_uchar(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* as_uchar(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

// One thread's cipher of one suite and direction, with the key that it was used with last.
class Cipher {
 public:
  Cipher(const CipherSuite& suite, bool sealing) : context_(EVP_CIPHER_CTX_new()) {
    const std::unique_ptr<EVP_CIPHER, void (*)(EVP_CIPHER*)> cipher(
        EVP_CIPHER_fetch(nullptr, suite.cipher, nullptr), EVP_CIPHER_free);
    DUNLIN_ASSERT(context_ != nullptr && cipher != nullptr);
    DUNLIN_ASSERT(EVP_CipherInit_ex2(context_.get(), cipher.get(), nullptr, nullptr,
                                     sealing ? 1 : 0, nullptr) == 1);
  }
  ~Cipher() { OPENSSL_cleanse(key_.data(), key_.size()); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  EVP_CIPHER_CTX* begin(std::span<const std::byte> key, std::span<const std::byte> nonce,
                        std::span<const std::byte> header) {
    // Compared by its bytes: whoever had it before may be gone.
    const bool same = keyed_ && std::ranges::equal(key, std::span(key_).first(key.size()));
    DUNLIN_ASSERT(EVP_CipherInit_ex2(context_.get(), nullptr, same ? nullptr : as_uchar(key.data()),
                                     as_uchar(nonce.data()), -1, nullptr) == 1);
    if (!same) std::ranges::copy(key, key_.begin());
    keyed_ = true;
    int size = 0;
    DUNLIN_ASSERT(EVP_CipherUpdate(context_.get(), nullptr, &size, as_uchar(header.data()),
                                   static_cast<int>(header.size())) == 1);
    return context_.get();
  }

 private:
  struct Deleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Deleter> context_;
  std::array<std::byte, 32> key_{};
  bool keyed_ = false;
};

Cipher& cipher_of(const CipherSuite& suite, bool sealing) {
  thread_local std::array<std::array<std::unique_ptr<Cipher>, 2>, kSuites.size()> ciphers;
  const auto index = static_cast<std::size_t>(&suite - kSuites.data());
  auto& cipher = ciphers[index][sealing ? 1 : 0];
  if (cipher == nullptr) cipher = std::make_unique<Cipher>(suite, sealing);
  return *cipher;
}

// HKDF-Expand-Label with an empty context, RFC 8446 section 7.1.
void expand_label(const CipherSuite& suite, std::span<const std::byte> secret,
                  std::string_view label, std::span<std::byte> out) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  DUNLIN_ASSERT(kdf != nullptr);
  const std::unique_ptr<EVP_KDF_CTX, void (*)(EVP_KDF_CTX*)> context(EVP_KDF_CTX_new(kdf),
                                                                     EVP_KDF_CTX_free);
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  constexpr std::string_view kPrefix = "tls13 ";
  const auto octets = [](const char* name, const void* data, std::size_t size) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), size);
  };
  const std::array params{
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(suite.digest), 0),
      octets(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      octets(OSSL_KDF_PARAM_PREFIX, kPrefix.data(), kPrefix.size()),
      octets(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end(),
  };
  DUNLIN_ASSERT(context != nullptr && EVP_KDF_derive(context.get(), as_uchar(out.data()),
                                                     out.size(), params.data()) == 1);
}

}  // namespace

const CipherSuite* find_cipher_suite(std::uint32_t id) {
  const auto* found = std::ranges::find(kSuites, id, &CipherSuite::id);
  return found == kSuites.end() ? nullptr : found;
}

TrafficKey::TrafficKey(const CipherSuite& suite, const Secret& secret, std::uint64_t records)
    : suite_(&suite), records_(records), secret_(secret) {
  derive();
}

TrafficKey::~TrafficKey() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
  OPENSSL_cleanse(key_.data(), key_.size());
}

void TrafficKey::derive() {
  const auto secret = std::span(secret_).first(suite_->secret_size);
  expand_label(*suite_, secret, "key", std::span(key_).first(suite_->key_size));
  expand_label(*suite_, secret, "iv", iv_);
}

void TrafficKey::renew() {
  Secret next{};
  expand_label(*suite_, std::span(secret_).first(suite_->secret_size), "traffic upd",
               std::span(next).first(suite_->secret_size));
  secret_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  records_ = 0;
  derive();
}

// RFC 8446 section 5.3.
TrafficKey::Nonce TrafficKey::next_nonce() {
  Nonce nonce = iv_;
  const std::uint64_t number = records_++;
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    nonce[nonce.size() - 1 - i] ^= static_cast<std::byte>(number >> (8 * i));
  }
  return nonce;
}

void TrafficKey::seal(std::span<const std::byte> header, std::span<std::byte> text,
                      std::span<std::byte, kTagSize> tag) {
  EVP_CIPHER_CTX* context =
      cipher_of(*suite_, true).begin(std::span(key_).first(suite_->key_size), next_nonce(), header);
  int size = 0;
  const bool done =
      EVP_CipherUpdate(context, as_uchar(text.data()), &size, as_uchar(text.data()),
                       static_cast<int>(text.size())) == 1 &&
      EVP_CipherFinal_ex(context, as_uchar(tag.data()), &size) == 1 &&  // Writes nothing.
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1;
  DUNLIN_ASSERT(done);
}

bool TrafficKey::open(std::span<const std::byte> header, std::span<const std::byte> sealed,
                      std::byte* text) {
  DUNLIN_ASSERT(sealed.size() >= kTagSize);
  EVP_CIPHER_CTX* context =
      cipher_of(*suite_, false)
          .begin(std::span(key_).first(suite_->key_size), next_nonce(), header);
  const std::size_t text_size = sealed.size() - kTagSize;
  auto* tag = const_cast<std::byte*>(sealed.data() + text_size);  // It is only read.
  int size = 0;
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag) == 1 &&
         EVP_CipherUpdate(context, as_uchar(text), &size, as_uchar(sealed.data()),
                          static_cast<int>(text_size)) == 1 &&
         EVP_CipherFinal_ex(context, as_uchar(text) + text_size, &size) == 1;
}

}  // namespace tls
