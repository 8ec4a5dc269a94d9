// Why a token is refused: one enumerator for each rule, with the code that clients get, the name
// that metrics get, and the words for both. Neither says anything of the token's contents.
//
// Owner: constants.   Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace auth {

enum class Refusal : std::uint8_t {
  kMissing,
  kRepeated,  // In several places of one handshake (RFC 6750 section 2).
  kTooLarge,
  kMalformed,   // Not header.payload.signature of base64url and JSON (RFC 7515 section 5.2).
  kAlgorithm,   // `alg` is "none", unknown, or of no key that we have.
  kCritical,    // `crit`: extensions that must be understood, and none is.
  kUnknownKey,  // `kid` names no key of this algorithm.
  kSignature,
  kClaims,  // A claim has the wrong type.
  kNoExpiry,
  kExpired,
  kNotYetValid,
  kIssuedInFuture,
  kIssuer,
  kAudience,
  kUid,
  kPermissions,  // `channels`, `subscribe` or `limits` is not what it should be.
  kOtherUid,     // A fresh token of somebody else.
  kTooSoon,      // Fresh tokens come faster than auth.refresh_interval_ms.
  kCount,
};

struct RefusalText {
  std::string_view name;  // The label in metrics.
  std::string_view code;  // "token_" and the name.
  std::string_view message;
};

inline constexpr std::array<RefusalText, static_cast<std::size_t>(Refusal::kCount)> kRefusalTexts =
    {{
        {"missing", "token_missing", "a token is needed"},
        {"repeated", "token_repeated", "the request has more than one token"},
        {"too_large", "token_too_large", "the token is longer than auth.token_size_max"},
        {"malformed", "token_malformed", "not a JWT: header.payload.signature in base64url"},
        {"algorithm", "token_algorithm", "no key here signs with the token's algorithm"},
        {"critical", "token_critical", "the token demands extensions (crit); none is supported"},
        {"unknown_key", "token_unknown_key", "the token's kid names no key of its algorithm"},
        {"signature", "token_signature",
         "the token's signature is not by a key that is known here"},
        {"claims", "token_claims", "a claim of the token has the wrong type"},
        {"no_expiry", "token_no_expiry", "the token has no exp"},
        {"expired", "token_expired", "the token has expired"},
        {"not_yet_valid", "token_not_yet_valid", "the token is not valid yet (nbf)"},
        {"issued_in_future", "token_issued_in_future", "the token was issued in the future (iat)"},
        {"issuer", "token_issuer", "the token's issuer is not accepted here"},
        {"audience", "token_audience", "the token is for another audience"},
        {"uid", "token_uid", "the claim that names the user is missing, too long or no text"},
        {"permissions", "token_permissions",
         "channels, subscribe or limits of the token is not what it should be"},
        {"other_uid", "token_other_uid", "a fresh token must be of the same user"},
        {"too_soon", "token_too_soon", "fresh tokens come too fast"},
    }};

[[nodiscard]] constexpr const RefusalText& text_of(Refusal refusal) {
  return kRefusalTexts[static_cast<std::size_t>(refusal)];
}

[[nodiscard]] constexpr std::string_view name_of(Refusal refusal) { return text_of(refusal).name; }
[[nodiscard]] constexpr std::string_view code_of(Refusal refusal) { return text_of(refusal).code; }

}  // namespace auth
