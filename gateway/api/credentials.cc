#include "gateway/api/credentials.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace api {
namespace {

void digest_of(std::string_view key, std::array<unsigned char, 32>& digest) {
  static_assert(SHA256_DIGEST_LENGTH == 32);
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

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

std::string_view bearer_key(std::string_view authorization) {
  static constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size() ||
      !std::equal(kScheme.begin(), kScheme.end(), authorization.begin(),
                  [](char expected, char c) { return expected == lower(c); })) {
    return {};
  }
  authorization.remove_prefix(kScheme.size());
  const std::size_t begin = authorization.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{} : authorization.substr(begin);
}

}  // namespace api
