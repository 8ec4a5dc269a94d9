// The keys that tokens are verified with, as one immutable value.
//
// Owner: shared_ptr in the configuration snapshot; a reload publishes another.   Thread: any.
// Bound: kKeysMax keys, and as many signatures at most are computed for one token.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/auth/key.h"

namespace auth {

class KeySet {
 public:
  static constexpr std::size_t kKeysMax = 64;

  explicit KeySet(std::vector<Key> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }

  [[nodiscard]] bool has(Algorithm algorithm) const {
    return std::ranges::any_of(
        keys_, [algorithm](const Key& key) { return key.algorithm() == algorithm; });
  }

 private:
  std::vector<Key> keys_;
};

// Whether this key is to be tried for a token: its algorithm is the token's; and if both have a
// name, it is the same.
[[nodiscard]] inline bool is_candidate(const Key& key, Algorithm algorithm, std::string_view kid) {
  return key.algorithm() == algorithm && (kid.empty() || key.kid().empty() || key.kid() == kid);
}

}  // namespace auth
