// Key files: any bytes as PEM, JWK, JWK Set and secret. A key that is taken verifies no signature
// of nothing.
#include "gateway/auth/key_file.h"
#include "gateway/auth/key_set.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view text = dunlin::as_string_view(copy);
  constexpr std::optional<auth::Algorithm> kAsked[] = {
      std::nullopt, auth::Algorithm::kHs256, auth::Algorithm::kHs512, auth::Algorithm::kRs256};
  for (const auto& algorithm : kAsked) {
    const auto keys = auth::parse_keys(text, algorithm);
    if (!keys) {
      fuzz::require(!keys.error().empty());
      continue;
    }
    fuzz::require(!keys->empty() && keys->size() <= auth::KeySet::kKeysMax);
    for (const auth::Key& key : *keys) {
      fuzz::require(!algorithm || key.algorithm() == *algorithm);
      fuzz::require(!key.verify("text", ""));
      fuzz::require(!key.verify("text", std::string(64, '\0')));
    }
  }
  return 0;
}
