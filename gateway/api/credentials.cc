#include "gateway/api/credentials.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace api {
namespace {

void digest_of(std::string_view key, std::array<unsigned char, 32>& digest) {
  static_assert(SHA256_DIGEST_LENGTH == 32);
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
}

}  // namespace

Credentials::Credentials(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) digest_of(key, digests_.emplace_back());
}

bool Credentials::accept(std::string_view key) const {
  Digest presented;
  digest_of(key, presented);
  bool accepted = false;
  for (const Digest& digest : digests_) {
    accepted |= CRYPTO_memcmp(presented.data(), digest.data(), digest.size()) == 0;
  }
  return accepted;
}

}  // namespace api
