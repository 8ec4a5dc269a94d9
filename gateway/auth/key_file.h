// What a key file holds: public keys in PEM, a JWK or JWK Set, or a secret.
//
// Owner: free functions.   Thread: any.   Bound: a file has at most kKeyFileSizeMax bytes.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/key.h"

namespace auth {

inline constexpr std::size_t kKeyFileSizeMax = 1 << 20;

// How the configuration names one: "FILE", or "HS256:FILE" where the algorithm must be said (a
// secret) or is to be insisted on.
struct KeyFile {
  std::string path;
  std::optional<Algorithm> algorithm;
};
[[nodiscard]] KeyFile parse_key_file(std::string_view setting);

// The keys in a file with this text. With an HMAC's algorithm the text is the secret, without its
// last line end. Errors are phrases that fit behind the file's name, and show nothing of the text.
[[nodiscard]] std::expected<std::vector<Key>, std::string> parse_keys(
    std::string_view text, std::optional<Algorithm> algorithm);

// The secret in a file with this text.
[[nodiscard]] std::string_view secret_in(std::string_view text);

[[nodiscard]] std::expected<std::string, std::string> read_key_file(const std::string& path);

}  // namespace auth
