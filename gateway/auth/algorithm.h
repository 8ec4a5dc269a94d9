// The signature algorithms that are spoken here (RFC 7518 section 3.1, RFC 8037 section 3.1).
//
// Owner: free functions.   Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace auth {

enum class Algorithm : std::uint8_t { kHs256, kHs384, kHs512, kRs256, kEs256, kEdDsa };

// "HS256", "EdDSA": as the header parameter `alg` has it, in exactly this case.
[[nodiscard]] std::string_view name_of(Algorithm algorithm);
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name);

// Bytes of a P-256 coordinate, and of each half of an ES256 signature (RFC 7518 3.4, 6.2.1.2).
inline constexpr std::size_t kP256Size = 32;

[[nodiscard]] constexpr bool is_hmac(Algorithm algorithm) { return algorithm <= Algorithm::kHs512; }

// RFC 7518 3.2: a secret has at least as many bytes as the hash gives. 0 without a secret.
[[nodiscard]] constexpr std::size_t secret_size_min(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kHs256:
      return 32;
    case Algorithm::kHs384:
      return 48;
    case Algorithm::kHs512:
      return 64;
    default:
      return 0;
  }
}

}  // namespace auth
