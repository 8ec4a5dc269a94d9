#include "gateway/auth/algorithm.h"

#include <array>

namespace auth {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 6> kNames = {"HS256", "HS384", "HS512",
                                                    "RS256", "ES256", "EdDSA"};

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

}  // namespace auth
