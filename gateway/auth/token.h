// Verifies a JSON Web Token: RFC 7519 (claims), RFC 7515 (compact JWS), RFC 7518 and 8037
// (algorithms), with the advice of RFC 8725. A token in, and who it speaks for or why it is refused
// out. Reads no clock: the time is given in.
//
// What a token says of its own key (jwk, jku, x5c, …) is never looked at. The payload is not looked
// at before its signature holds.
//
// Owner: free functions over values.   Thread: any.   Bound: token_size_max; json.h's bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/auth/identity.h"
#include "gateway/auth/key_set.h"
#include "gateway/auth/refusal.h"

namespace auth {

struct Rules {
  std::size_t token_size_max = 8'192;
  std::int64_t leeway_ms = 10'000;  // How far clocks may differ.
  bool require_exp = true;
  std::vector<std::string> issuers;    // Empty: `iss` is not looked at.
  std::vector<std::string> audiences;  // Empty: a token with an `aud` is not for us (4.1.3).
  std::string uid_claim = "sub";
  std::size_t uid_size_max = 256;
  std::size_t channel_size_max = 256;
};

inline constexpr std::size_t kChannelsMax = 100;  // Items of `channels`, and of `subscribe`.

[[nodiscard]] std::expected<Identity, Refusal> verify(std::string_view token, const KeySet& keys,
                                                      const Rules& rules, std::int64_t now_ms);

// The claims alone, of a payload whose signature holds.
[[nodiscard]] std::expected<Identity, Refusal> check_claims(std::string_view payload,
                                                            const Rules& rules,
                                                            std::int64_t now_ms);

// The three parts of a token as they are, for people to look at: nothing of it is verified.
struct Parts {
  std::string header;
  std::string payload;
  std::string signature;
};
[[nodiscard]] std::expected<Parts, Refusal> split(std::string_view token);

}  // namespace auth
