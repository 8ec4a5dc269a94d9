#include "gateway/config/token_keys.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "gateway/auth/key_file.h"
#include "gateway/config/value.h"

namespace config {

std::expected<std::shared_ptr<const auth::KeySet>, std::string> read_token_keys(const Auth& auth) {
  if (auth.keys.empty()) return nullptr;
  std::vector<::auth::Key> keys;
  for (const std::string& setting : auth.keys) {
    const ::auth::KeyFile file = ::auth::parse_key_file(setting);
    const auto complaint = [&](const std::string& what) {
      return std::unexpected(fmt::format("{} {}", in_quotes(file.path), what));
    };
    const auto text = ::auth::read_key_file(file.path);
    if (!text) return complaint(text.error());
    auto of_file = ::auth::parse_keys(*text, file.algorithm);
    if (!of_file) return complaint(of_file.error());
    std::move(of_file->begin(), of_file->end(), std::back_inserter(keys));
  }
  if (keys.size() > ::auth::KeySet::kKeysMax) {
    return std::unexpected(fmt::format("the files hold {} keys; at most {} are tried for a token",
                                       keys.size(), ::auth::KeySet::kKeysMax));
  }
  return std::make_shared<const ::auth::KeySet>(std::move(keys));
}

auth::Rules token_rules(const Config& config) {
  const Auth& auth = config.auth;
  return {.token_size_max = auth.token_size_max,
          .leeway_ms = auth.leeway_ms,
          .require_exp = auth.require_exp,
          .issuers = auth.issuers,
          .audiences = auth.audiences,
          .uid_claim = auth.uid_claim,
          .uid_size_max = config.hub.uid_size_max,
          .channel_size_max = config.hub.channel_size_max};
}

}  // namespace config
