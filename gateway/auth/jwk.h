// Keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037 section 2): one JWK, or a set of them.
//
// Owner: free functions.   Thread: any.   Bound: KeySet::kKeysMax keys; json.h's bounds.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/key.h"

namespace auth {

// The keys of a JWK or a JWK Set that can verify tokens here. Of a set, what is for something else
// (encryption, other algorithms and curves) is passed over (RFC 7517 section 5), but one must be
// left. A private key is refused wherever it stands: the gateway must not hold one.
[[nodiscard]] std::expected<std::vector<Key>, std::string> parse_jwks(std::string_view json);

// The public half as a JWK Set with this one key, its kid the thumbprint of RFC 7638 unless one is
// given. Nothing to publish of a secret: not to be called with one.
[[nodiscard]] std::string public_jwks(const SigningKey& key, std::string_view kid);

}  // namespace auth
