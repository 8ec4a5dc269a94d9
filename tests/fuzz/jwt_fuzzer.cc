// Tokens: any bytes as a token, which is never believed; and the input as header and payload of a
// token that is signed rightly, so that the fuzzer gets past the signature.
#include "gateway/auth/base64url.h"
#include "gateway/auth/jwk.h"
#include "gateway/auth/key_file.h"
#include "gateway/auth/mint.h"
#include "gateway/auth/token.h"
#include "tests/fuzz/pieces.h"

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

struct World {
  auth::SigningKey key =
      *auth::SigningKey::of_secret(auth::Algorithm::kHs256, std::string(kSecret));
  auth::KeySet keys{*auth::parse_keys(kSecret, auth::Algorithm::kHs256)};
  auth::Rules rules{.issuers = {}, .audiences = {"dunlin"}, .uid_claim = "sub"};
};

void check(const std::expected<auth::Identity, auth::Refusal>& verified, const auth::Rules& rules) {
  if (!verified) return;
  fuzz::require(!verified->uid.empty() && verified->uid.size() <= rules.uid_size_max);
  fuzz::require(verified->expires_ms > kNow);
  fuzz::require(verified->subscribe.size() <= auth::kChannelsMax);
  for (const std::string& name : verified->subscribe) {
    fuzz::require(!name.empty() && name.size() <= rules.channel_size_max);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  const fuzz::Piece copy(std::as_bytes(std::span(data, size)).begin(),
                         std::as_bytes(std::span(data, size)).end());
  const std::string_view text = dunlin::as_string_view(copy);
  fuzz::require(!auth::verify(text, world.keys, world.rules, kNow));
  if (const auto bytes = auth::decode_base64url(text)) {
    fuzz::require(auth::encode_base64url(*bytes) == text);
  }
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view payload = text.substr(std::min(line + 1, text.size()));
  const auto claims = auth::check_claims(payload, world.rules, kNow);
  check(claims, world.rules);
  const std::string token = auth::sign_token(text.substr(0, line), payload, world.key);
  const auto verified = auth::verify(token, world.keys, world.rules, kNow);
  check(verified, world.rules);
  fuzz::require(!verified || claims);
  return 0;
}
