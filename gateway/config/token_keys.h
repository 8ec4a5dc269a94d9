// What the configuration means for tokens: the keys in its files, and the rules.
//
// Owner: free functions.   Thread: any.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "gateway/auth/key_set.h"
#include "gateway/auth/token.h"
#include "gateway/config/config.h"

namespace config {

// Every key of every file of auth.keys, or what is wrong with the first bad one; null when no file
// is named. Errors show nothing of a file's contents.
[[nodiscard]] std::expected<std::shared_ptr<const auth::KeySet>, std::string> read_token_keys(
    const Auth& auth);

[[nodiscard]] auth::Rules token_rules(const Config& config);

}  // namespace config
