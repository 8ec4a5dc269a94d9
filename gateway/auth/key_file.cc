#include "gateway/auth/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "gateway/auth/jwk.h"
#include "gateway/auth/key_set.h"
#include "gateway/auth/openssl.h"

namespace auth {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

struct PemBlock {
  std::string name;  // "PUBLIC KEY"; empty: there are no more.
  std::string der;
};

std::expected<PemBlock, std::string> next_block(BIO* bio) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio, &name, &header, &data, &size) != 1) {
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    openssl::forget_errors();
    if (at_end) return PemBlock{};
    return std::unexpected("is not well-formed PEM");
  }
  PemBlock block{name, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)}};
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return block;
}

// RFC 7468 section 13, or RFC 8017 appendix A.1.1, as older tools write RSA keys.
std::expected<Key, std::string> key_in(const PemBlock& block) {
  const unsigned char* at = openssl::bytes(block.der);
  const auto size = static_cast<long>(block.der.size());
  EvpKey key;
  if (block.name == "PUBLIC KEY") {
    key.reset(d2i_PUBKEY(nullptr, &at, size));
  } else if (block.name == "RSA PUBLIC KEY") {
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  } else {
    return std::unexpected("has a PEM block that is no public key (-----BEGIN PUBLIC KEY-----)");
  }
  openssl::forget_errors();
  if (key == nullptr) return std::unexpected("has a public key in PEM that cannot be read");
  return Key::of_public(std::move(key));
}

std::expected<std::vector<Key>, std::string> parse_pem(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
    return std::unexpected("holds a private key; the gateway needs the public half only");
  }
  const openssl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<Key> keys;
  for (;;) {
    const auto block = next_block(bio.get());
    if (!block) return std::unexpected(block.error());
    if (block->name.empty()) break;
    auto key = key_in(*block);
    if (!key) return std::unexpected(std::move(key.error()));
    if (keys.size() == KeySet::kKeysMax) {
      return std::unexpected(fmt::format("has more than {} keys", KeySet::kKeysMax));
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return std::unexpected("is not a public key in PEM");
  return keys;
}

}  // namespace

KeyFile parse_key_file(std::string_view setting) {
  const auto colon = setting.find(':');
  if (colon != std::string_view::npos) {
    if (const auto algorithm = algorithm_named(setting.substr(0, colon))) {
      return {std::string(setting.substr(colon + 1)), algorithm};
    }
  }
  return {std::string(setting), std::nullopt};
}

std::string_view secret_in(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::expected<std::vector<Key>, std::string> parse_keys(std::string_view text,
                                                        std::optional<Algorithm> algorithm) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  const std::string_view start =
      begin == std::string_view::npos ? std::string_view() : text.substr(begin);
  const bool pem = text.find("-----BEGIN ") != std::string_view::npos;
  if (algorithm && is_hmac(*algorithm) && !start.starts_with('{')) {
    // The classic confusion: what everybody may know would sign tokens.
    if (pem)
      return std::unexpected(
          fmt::format("is a key in PEM, not a secret for {}", name_of(*algorithm)));
    auto key = Key::of_secret(*algorithm, std::string(secret_in(text)));
    if (!key) return std::unexpected(std::move(key.error()));
    std::vector<Key> keys;
    keys.push_back(std::move(*key));
    return keys;
  }
  auto keys = start.starts_with('{') ? parse_jwks(start) : parse_pem(text);
  if (!pem && !start.starts_with('{')) {
    return std::unexpected(
        "is neither PEM nor JSON; a secret is named with its algorithm, as in \"HS256:FILE\"");
  }
  if (!keys || !algorithm) return keys;
  std::erase_if(*keys, [&](const Key& key) { return key.algorithm() != *algorithm; });
  if (keys->empty()) return std::unexpected(fmt::format("has no key for {}", name_of(*algorithm)));
  return keys;
}

std::expected<std::string, std::string> read_key_file(const std::string& path) {
  const auto cannot_read = [] {
    return std::unexpected("cannot be read: " + std::generic_category().message(errno));
  };
  // A FIFO must not hold up the gateway; what is no file fails to be read or is empty.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return cannot_read();
  std::string text;
  char piece[16'384];
  ssize_t size = 0;
  do {
    size = ::read(fd, piece, sizeof piece);
    if (size > 0) text.append(piece, static_cast<std::size_t>(size));
  } while ((size > 0 && text.size() <= kKeyFileSizeMax) || (size < 0 && errno == EINTR));
  const int error = errno;
  ::close(fd);
  errno = error;
  if (size < 0) return cannot_read();
  if (text.size() > kKeyFileSizeMax) {
    return std::unexpected(fmt::format("is larger than {} bytes", kKeyFileSizeMax));
  }
  return text;
}

}  // namespace auth
