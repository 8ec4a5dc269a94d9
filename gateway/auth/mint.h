// Makes tokens, for tests and for trying things out: the gateway itself never does.
//
// Owner: free functions.   Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/auth/key.h"

namespace auth {

struct Minted {
  std::string uid;  // Becomes `sub`; empty: left out, and so are the others.
  std::string issuer;
  std::vector<std::string> audiences;
  std::int64_t now_s = 0;                   // Becomes `iat`.
  std::optional<std::uint64_t> lifetime_s;  // From then to `exp`.
  std::vector<std::string> channels;
  std::vector<std::string> subscribe;
  // Further claims, JSON where they are and texts where not; they replace those above.
  std::vector<std::pair<std::string, std::string>> claims;
  std::string kid;
};

[[nodiscard]] std::string mint(const Minted& wanted, const SigningKey& key);

// Any header and payload, signed: tests forge with it.
[[nodiscard]] std::string sign_token(std::string_view header, std::string_view payload,
                                     const SigningKey& key);

}  // namespace auth
