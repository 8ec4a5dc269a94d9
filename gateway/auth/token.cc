#include "gateway/auth/token.h"

#include <optional>

#include "gateway/auth/base64url.h"
#include "gateway/auth/json.h"

namespace auth {
namespace {

struct Header {
  Algorithm algorithm;
  std::string kid;
};

// RFC 7515 4. `typ` and `cty` tell applications apart that we do not have.
std::expected<Header, Refusal> read_header(std::string_view text) {
  json::Document document;
  const auto header = document.parse(text);
  if (!header) return std::unexpected(Refusal::kMalformed);
  // 4.1.11: what is critical must be understood; b64 (RFC 7797) is such a one.
  if (json::has(*header, "crit")) return std::unexpected(Refusal::kCritical);
  const auto name = json::text_of(*header, "alg");
  if (!name) return std::unexpected(Refusal::kMalformed);
  std::string kid;
  if (json::has(*header, "kid")) {
    const auto given = json::text_of(*header, "kid");
    if (!given) return std::unexpected(Refusal::kMalformed);
    kid = *given;
  }
  const auto algorithm = algorithm_named(*name);
  if (!algorithm) return std::unexpected(Refusal::kAlgorithm);
  return Header{*algorithm, std::move(kid)};
}

std::optional<Refusal> check_signature(const Header& header, const KeySet& keys,
                                       std::string_view text, std::string_view signature) {
  if (!keys.has(header.algorithm)) return Refusal::kAlgorithm;
  bool tried = false;
  for (const Key& key : keys.keys()) {
    if (!is_candidate(key, header.algorithm, header.kid)) continue;
    if (key.verify(text, signature)) return std::nullopt;
    tried = true;
  }
  return tried ? Refusal::kSignature : Refusal::kUnknownKey;
}

}  // namespace

std::expected<Parts, Refusal> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) {
    return std::unexpected(Refusal::kMalformed);
  }
  auto header = decode_base64url(token.substr(0, first));
  auto payload = decode_base64url(token.substr(first + 1, last - first - 1));
  auto signature = decode_base64url(token.substr(last + 1));
  if (!header || !payload || !signature) return std::unexpected(Refusal::kMalformed);
  return Parts{*std::move(header), *std::move(payload), *std::move(signature)};
}

std::expected<Identity, Refusal> verify(std::string_view token, const KeySet& keys,
                                        const Rules& rules, std::int64_t now_ms) {
  if (token.empty()) return std::unexpected(Refusal::kMissing);
  if (token.size() > rules.token_size_max) return std::unexpected(Refusal::kTooLarge);
  const auto parts = split(token);
  if (!parts) return std::unexpected(parts.error());
  const auto header = read_header(parts->header);
  if (!header) return std::unexpected(header.error());
  const std::string_view signed_text = token.substr(0, token.rfind('.'));
  if (const auto refusal = check_signature(*header, keys, signed_text, parts->signature)) {
    return std::unexpected(*refusal);
  }
  return check_claims(parts->payload, rules, now_ms);
}

}  // namespace auth
