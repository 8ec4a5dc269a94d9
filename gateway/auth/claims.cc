// RFC 7519 section 4.1, and the claims of ours.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "gateway/auth/json.h"
#include "gateway/auth/token.h"
#include "proto/base/ascii.h"

namespace auth {
namespace {

using json::dom::element;
using json::dom::object;

constexpr double kLastSecond = 253'402'300'799;  // Of the year 9999.

template <typename Value>
using Read = std::expected<Value, Refusal>;

constexpr std::int64_t kAbsent = -1;

// A NumericDate (section 2): seconds, perhaps with a fraction. In milliseconds, or kAbsent.
Read<std::int64_t> read_time(const object& claims, std::string_view name) {
  element value;
  if (claims.at_key(name).get(value) != simdjson::SUCCESS) return kAbsent;
  double seconds = 0;
  if (value.get_double().get(seconds) != simdjson::SUCCESS || !(seconds >= 0) ||
      seconds > kLastSecond) {
    return std::unexpected(Refusal::kClaims);
  }
  return std::llround(seconds * 1'000);
}

// When it expires, the leeway included; 0: never.
Read<std::int64_t> check_times(const object& claims, const Rules& rules, std::int64_t now_ms) {
  const auto expiry = read_time(claims, "exp");
  const auto not_before = read_time(claims, "nbf");
  const auto issued = read_time(claims, "iat");
  if (!expiry || !not_before || !issued) return std::unexpected(Refusal::kClaims);
  if (*expiry == kAbsent && rules.require_exp) return std::unexpected(Refusal::kNoExpiry);
  // 4.1.4: "on or after" this time it is not accepted.
  const std::int64_t end = *expiry == kAbsent ? 0 : *expiry + rules.leeway_ms;
  if (*expiry != kAbsent && now_ms >= end) return std::unexpected(Refusal::kExpired);
  // kAbsent is long ago.
  if (now_ms < *not_before - rules.leeway_ms) return std::unexpected(Refusal::kNotYetValid);
  if (now_ms < *issued - rules.leeway_ms) return std::unexpected(Refusal::kIssuedInFuture);
  return end;
}

bool contains(const std::vector<std::string>& accepted, std::string_view text) {
  return std::ranges::find(accepted, text) != accepted.end();
}

std::optional<Refusal> check_issuer(const object& claims, const Rules& rules) {
  const auto issuer = json::text_of(claims, "iss");
  if (!issuer && json::has(claims, "iss")) return Refusal::kClaims;
  if (rules.issuers.empty()) return std::nullopt;
  return issuer && contains(rules.issuers, *issuer) ? std::nullopt
                                                    : std::optional(Refusal::kIssuer);
}

// 4.1.3: one name or an array of them; one must be ours, and who has no name is not meant.
std::optional<Refusal> check_audience(const object& claims, const Rules& rules) {
  element value;
  if (claims.at_key("aud").get(value) != simdjson::SUCCESS) {
    return rules.audiences.empty() ? std::nullopt : std::optional(Refusal::kAudience);
  }
  std::string_view name;
  if (value.get_string().get(name) == simdjson::SUCCESS) {
    return contains(rules.audiences, name) ? std::nullopt : std::optional(Refusal::kAudience);
  }
  json::dom::array names;
  if (value.get_array().get(names) != simdjson::SUCCESS) return Refusal::kClaims;
  bool ours = false;
  for (const element item : names) {
    if (item.get_string().get(name) != simdjson::SUCCESS) return Refusal::kClaims;
    ours = ours || contains(rules.audiences, name);
  }
  return ours ? std::nullopt : std::optional(Refusal::kAudience);
}

// `sub` is a string (4.1.2); a claim of somebody's own may be a number as databases have them.
Read<std::string> read_uid(const object& claims, const Rules& rules) {
  element value;
  if (claims.at_key(rules.uid_claim).get(value) != simdjson::SUCCESS) {
    return std::unexpected(Refusal::kUid);
  }
  std::string_view text;
  std::uint64_t number = 0;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    if (text.empty() || text.size() > rules.uid_size_max) return std::unexpected(Refusal::kUid);
    return std::string(text);
  }
  if (rules.uid_claim != "sub" && value.get_uint64().get(number) == simdjson::SUCCESS) {
    return std::to_string(number);
  }
  return std::unexpected(Refusal::kUid);
}

Read<std::vector<std::string>> read_channels(const element& value, const Rules& rules,
                                             bool patterns) {
  json::dom::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) {
    return std::unexpected(Refusal::kPermissions);
  }
  std::vector<std::string> names;
  for (const element item : items) {
    std::string_view name;
    if (item.get_string().get(name) != simdjson::SUCCESS || name.empty() ||
        name.size() > rules.channel_size_max || std::ranges::any_of(name, dunlin::is_control) ||
        (patterns && name.find('*') < name.size() - 1) || names.size() == kChannelsMax) {
      return std::unexpected(Refusal::kPermissions);
    }
    names.emplace_back(name);
  }
  return names;
}

// False: there, but no positive integer that fits.
template <typename Integer>
bool read_limit(const object& limits, std::string_view name, Integer& limit) {
  element value;
  if (limits.at_key(name).get(value) != simdjson::SUCCESS) return true;
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS || number == 0 ||
      number > std::numeric_limits<Integer>::max()) {
    return false;
  }
  limit = static_cast<Integer>(number);
  return true;
}

std::optional<Refusal> read_permissions(const object& claims, const Rules& rules,
                                        Identity& identity) {
  element value;
  if (claims.at_key("channels").get(value) == simdjson::SUCCESS) {
    auto channels = read_channels(value, rules, /*patterns=*/true);
    if (!channels) return channels.error();
    identity.permissions.channels = std::move(*channels);
  }
  if (claims.at_key("subscribe").get(value) == simdjson::SUCCESS) {
    auto channels = read_channels(value, rules, /*patterns=*/false);
    if (!channels) return channels.error();
    identity.subscribe = std::move(*channels);
  }
  if (claims.at_key("limits").get(value) == simdjson::SUCCESS) {
    object limits;
    if (value.get_object().get(limits) != simdjson::SUCCESS || !json::has_different_names(limits) ||
        !read_limit(limits, "connections", identity.permissions.connections_max) ||
        !read_limit(limits, "subscriptions", identity.permissions.subscriptions_max) ||
        !read_limit(limits, "message_size", identity.permissions.message_size_max)) {
      return Refusal::kPermissions;
    }
  }
  return std::nullopt;
}

}  // namespace

std::expected<Identity, Refusal> check_claims(std::string_view payload, const Rules& rules,
                                              std::int64_t now_ms) {
  json::Document document;
  const auto claims = document.parse(payload);
  if (!claims) return std::unexpected(Refusal::kMalformed);
  const auto expires = check_times(*claims, rules, now_ms);
  if (!expires) return std::unexpected(expires.error());
  if (const auto refusal = check_issuer(*claims, rules)) return std::unexpected(*refusal);
  if (const auto refusal = check_audience(*claims, rules)) return std::unexpected(*refusal);
  auto uid = read_uid(*claims, rules);
  if (!uid) return std::unexpected(uid.error());
  Identity identity{
      .uid = std::move(*uid), .expires_ms = *expires, .permissions = {}, .subscribe = {}};
  if (const auto refusal = read_permissions(*claims, rules, identity)) {
    return std::unexpected(*refusal);
  }
  return identity;
}

bool matches(const std::vector<std::string>& patterns, std::string_view channel) {
  return std::ranges::any_of(patterns, [channel](std::string_view pattern) {
    if (!pattern.ends_with('*')) return pattern == channel;
    return channel.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

}  // namespace auth
