// The API's keys: whether a request carries one of them.
//
// Owner: ApiServer.   Thread: its shard's.   Bound: 32 bytes for each configured key.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace api {

class Credentials {
 public:
  explicit Credentials(const std::vector<std::string>& keys);

  // No key is configured: every request may pass.
  [[nodiscard]] bool open() const { return digests_.empty(); }

  // Takes the same time whichever key it is, and however much of it is right: what is compared are
  // digests, all of them, to their end.
  [[nodiscard]] bool accept(std::string_view key) const;

 private:
  using Digest = std::array<unsigned char, 32>;  // SHA-256.
  std::vector<Digest> digests_;
};

}  // namespace api
