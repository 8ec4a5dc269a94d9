// What a text in the configuration must look like. Each says what is wrong, without repeating the
// text (which may be a secret, or hold anything), or nothing when all is well.
//
// Owner: free functions.   Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace config {

[[nodiscard]] std::optional<std::string> check_listen(std::string_view text);
[[nodiscard]] std::optional<std::string> check_key(std::string_view text);  // api.keys
[[nodiscard]] std::optional<std::string> check_path(std::string_view text);
[[nodiscard]] std::optional<std::string> check_parameter(std::string_view text);
[[nodiscard]] std::optional<std::string> check_channel(std::string_view text);
[[nodiscard]] std::optional<std::string> check_channel_pattern(std::string_view text);
[[nodiscard]] std::optional<std::string> check_key_file(std::string_view text);  // auth.keys
[[nodiscard]] std::optional<std::string> check_file(std::string_view text);      // Or nothing.
[[nodiscard]] std::optional<std::string> check_claim(std::string_view text);     // Of a token.
[[nodiscard]] std::optional<std::string> check_origin(std::string_view text);
[[nodiscard]] std::optional<std::string> check_network(std::string_view text);
[[nodiscard]] std::optional<std::string> check_host(std::string_view text);  // api.hosts

// The NAME in [profiles.NAME]: a metric's label and part of a variable's name.
[[nodiscard]] std::optional<std::string> check_profile_name(std::string_view text);

}  // namespace config
