#include "gateway/config/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <string_view>

#include "gateway/config/host_port.h"
#include "gateway/config/schema.h"

namespace config {
namespace {

using Findings = std::vector<Finding>;

bool broadcasts(const Profile& profile) {
  return profile.on_text == MessageAction::kBroadcast ||
         profile.on_binary == MessageAction::kBroadcast;
}

bool echoes(const Profile& profile) {
  return profile.on_text == MessageAction::kEcho || profile.on_binary == MessageAction::kEcho;
}

// An address that does not parse has been reported when its key was read.
void check_listeners(const Config& config, Findings& findings) {
  const auto public_address = parse_host_port(config.public_.listen);
  const auto api_address = parse_host_port(config.api.listen);
  if (!public_address || !api_address) return;
  if (!is_loopback(*api_address) && config.api.keys.empty() && config.api.client_ca.empty()) {
    findings.push_back({"api.listen",
                        fmt::format("refusing to start: {} is not a loopback address "
                                    "and anybody there could push; set api.keys or api.client_ca, "
                                    "or listen on 127.0.0.1",
                                    config.api.listen),
                        "api.keys"});
  }
  // Both ports share addresses (SO_REUSEPORT), so the kernel would not object, but hand
  // connections from outside to the internal side.
  const bool overlap = public_address->host == api_address->host || is_wildcard(*public_address) ||
                       is_wildcard(*api_address);
  if (overlap && public_address->port == api_address->port && api_address->port != 0) {
    findings.push_back({"api.listen", "must not share public.listen's port", "public.listen"});
  }
}

void check_tls(const Config& config, Findings& findings) {
  const Tls& tls = config.tls;
  const bool used = config.public_.tls || config.api.tls;
  if (used && tls.certificates.empty() && !tls.self_signed) {
    findings.push_back({config.public_.tls ? "public.tls" : "api.tls",
                        "needs tls.certificates (or tls.self_signed, for development)",
                        "tls.certificates"});
  }
  if (!tls.certificates.empty() && tls.self_signed) {
    findings.push_back(
        {"tls.self_signed", "must be false where there are tls.certificates", "tls.certificates"});
  }
  if (!tls.keys.empty() && tls.keys.size() != tls.certificates.size()) {
    findings.push_back({"tls.keys",
                        fmt::format("must name one file for each of tls.certificates, which are {}",
                                    tls.certificates.size()),
                        "tls.certificates"});
  }
  if (!config.api.client_ca.empty() && !config.api.tls) {
    findings.push_back({"api.client_ca", "needs api.tls = true", "api.tls"});
  }
}

void check_api(const Api& api, Findings& findings) {
  if (api.wait_timeout_ms > api.wait_timeout_max_ms) {
    findings.push_back({"api.wait_timeout_ms",
                        fmt::format("must not exceed api.wait_timeout_max_ms, which is {}",
                                    api.wait_timeout_max_ms),
                        "api.wait_timeout_max_ms"});
  }
}

void check_public(const Public& settings, Findings& findings) {
  if (settings.proxy_protocol == ProxyProtocol::kRequired && settings.trusted_proxies.empty()) {
    findings.push_back({"public.proxy_protocol",
                        "\"required\" needs public.trusted_proxies: nobody could connect",
                        "public.trusted_proxies"});
  }
}

void check_api_pages(const Api& api, Findings& findings) {
  if (std::ranges::find(api.origins, "same") != api.origins.end()) {
    findings.push_back({"api.origins", "the API has no pages of its own that \"same\" could mean"});
  }
}

void check_hub(const Hub& hub, Findings& findings) {
  if (!std::has_single_bit(hub.ring_size)) {
    findings.push_back({"hub.ring_size", fmt::format("must be a power of two, such as {}, got {}",
                                                     std::bit_ceil(hub.ring_size), hub.ring_size)});
  }
  if (hub.history_messages > 0 && hub.history_size > hub.history_total_size) {
    findings.push_back(
        {"hub.history_size",
         fmt::format("must not exceed hub.history_total_size, which is {}", hub.history_total_size),
         "hub.history_total_size"});
  }
}

void check_times(const Config& config, Findings& findings) {
  if (config.drain.window_ms > config.drain.deadline_ms) {
    findings.push_back({"drain.window_ms",
                        fmt::format("must not exceed drain.deadline_ms, which is {}: the last "
                                    "clients would be cut without a Close frame",
                                    config.drain.deadline_ms),
                        "drain.deadline_ms"});
  }
  if (config.canary.interval_ms > 0 && config.canary.timeout_ms < config.canary.interval_ms) {
    findings.push_back({"canary.timeout_ms",
                        fmt::format("must be at least canary.interval_ms, which is {}: readiness "
                                    "would come and go",
                                    config.canary.interval_ms),
                        "canary.interval_ms"});
  }
}

void check_paths(const Config& config, const std::vector<std::string>& reserved_paths,
                 Findings& findings) {
  std::map<std::string_view, std::string_view> owner_of_path;
  for (const Profile& profile : config.profiles) {
    const auto add = [&](std::string message) {
      findings.push_back({profile_key(profile.name, "path"), std::move(message)});
    };
    if (profile.path.empty()) {
      add("is missing");
    } else if (std::ranges::find(reserved_paths, profile.path) != reserved_paths.end()) {
      add(fmt::format("\"{}\" is the path of a page", profile.path));
    } else if (const auto [other, is_new] = owner_of_path.emplace(profile.path, profile.name);
               !is_new) {
      add(fmt::format("\"{}\" is also the path of profiles.{}", profile.path, other->second));
    }
  }
}

void check_messages(const Profile& profile, Findings& findings) {
  const auto add = [&](std::string_view setting, std::string message, std::string_view other) {
    findings.push_back(
        {profile_key(profile.name, setting), std::move(message), profile_key(profile.name, other)});
  };
  if (broadcasts(profile) && profile.room.empty()) {
    add("room", "is needed for \"broadcast\"", "on_text");
  }
  if (profile.answer_ping && profile.on_text != MessageAction::kEcho &&
      profile.on_text != MessageAction::kDiscard) {
    // In a room or in a protocol, "ping" is a message like any other and must not vanish.
    add("answer_ping", "needs on_text = \"echo\" or \"discard\"", "on_text");
  }
  if ((broadcasts(profile) || echoes(profile)) &&
      profile.queue_size_max < profile.message_size_max) {
    // One permitted message would overflow every receiver's queue: a client could cut a whole room.
    add("queue_size_max",
        fmt::format("must be at least message_size_max, which is {}: one message from a client "
                    "would overflow the queue",
                    profile.message_size_max),
        "message_size_max");
  }
}

bool has_identity(const Profile& profile) {
  return profile.identity != IdentitySource::kNone || profile.auth == AuthMode::kToken;
}

void check_auth(const Profile& profile, const Auth& auth, Findings& findings) {
  if (profile.auth != AuthMode::kToken) return;
  if (auth.keys.empty()) {
    findings.push_back({profile_key(profile.name, "auth"),
                        "\"token\" needs auth.keys: files with the keys that sign tokens "
                        "(`dunlin token --new-key` makes one to try)",
                        "auth.keys"});
  }
  if (!profile.token_param.empty() && profile.token_param == profile.gzip_param) {
    findings.push_back({profile_key(profile.name, "gzip_param"), "must differ from token_param",
                        profile_key(profile.name, "token_param")});
  }
}

void check_identity(const Profile& profile, Findings& findings) {
  const auto add = [&](std::string_view setting, std::string message, std::string_view other) {
    findings.push_back(
        {profile_key(profile.name, setting), std::move(message), profile_key(profile.name, other)});
  };
  if (profile.identity == IdentitySource::kQuery && profile.uid_param == profile.gzip_param) {
    add("gzip_param", "must differ from uid_param", "uid_param");
  }
}

void check_channels(const Profile& profile, const Hub& hub, Findings& findings) {
  const auto add = [&](std::string_view setting, std::string message) {
    findings.push_back({profile_key(profile.name, setting), std::move(message)});
  };
  const auto too_long = [&](const std::string& name) { return name.size() > hub.channel_size_max; };
  const auto length = fmt::format("must not be longer than hub.channel_size_max, which is {}",
                                  hub.channel_size_max);
  if (too_long(profile.room)) add("room", length);
  if (std::ranges::any_of(profile.channels, too_long)) add("channels", "names " + length);
  const std::size_t fixed = profile.channels.size() + (profile.room.empty() ? 0 : 1);
  if (profile.subscriptions_max < fixed) {
    add("subscriptions_max",
        fmt::format("must be at least {}, the number of channels and room", fixed));
  }
  const auto& origins = profile.origins;
  if (origins.size() > 1 && std::ranges::find(origins, "any") != origins.end()) {
    add("origins", "\"any\" stands alone: it makes the others void");
  }
}

void warn_about_profile(const Profile& profile, Findings& findings) {
  const auto add = [&](std::string_view setting, std::string message) {
    findings.push_back({profile_key(profile.name, setting), std::move(message)});
  };
  if (profile.ping_interval_ms == 0 && profile.idle_timeout_ms == 0) {
    add("ping_interval_ms", "0 without idle_timeout_ms: clients that vanish stay connected");
  }
  if (!profile.room.empty() && !broadcasts(profile)) {
    add("room", "nothing is broadcast to it; channels says the same more plainly");
  }
  if (profile.normalize_space && profile.on_text != MessageAction::kBroadcast) {
    add("normalize_space", "has no effect without on_text = \"broadcast\"");
  }
  if (profile.client_subscribe && profile.on_text != MessageAction::kProtocol) {
    add("client_subscribe", "has no effect without on_text = \"protocol\"");
  }
  if (profile.client_subscribe && profile.client_channels.empty()) {
    add("client_channels", "is empty: client_subscribe allows nothing");
  }
  const auto& origins = profile.origins;
  if (profile.identity == IdentitySource::kQuery && profile.auth == AuthMode::kNone &&
      std::ranges::find(origins, "any") != origins.end()) {
    add("origins", "\"any\" with identity = \"query\": any page can connect as anybody");
  }
}

// Whoever reaches the port may say that he is anybody.
void warn_about_auth(const Config& config, Findings& findings) {
  const auto address = parse_host_port(config.public_.listen);
  const bool reachable = address && !is_loopback(*address);
  bool tokens = false;
  for (const Profile& profile : config.profiles) {
    tokens = tokens || profile.auth == AuthMode::kToken;
    if (!reachable || profile.auth == AuthMode::kToken || !has_identity(profile)) continue;
    findings.push_back({profile_key(profile.name, "auth"),
                        fmt::format("\"none\" on {}: clients are whoever they say they are; "
                                    "outside a trusted network use \"token\"",
                                    config.public_.listen)});
  }
  if (!tokens && !config.auth.keys.empty()) {
    findings.push_back({"auth.keys", "has no effect: no profile has auth = \"token\""});
  }
  if (tokens && config.auth.token_size_max >= config.handshake.head_size_max) {
    findings.push_back(
        {"auth.token_size_max", "exceeds handshake.head_size_max: such a token fits no handshake"});
  }
}

void warn_about_compression(const Profile& profile, const Compression& compression,
                            Findings& findings) {
  const auto add = [&](std::string_view setting, std::string message) {
    findings.push_back({profile_key(profile.name, setting), std::move(message)});
  };
  const bool off = profile.compression == CompressionMode::kOff;
  if (off && profile.server_context_takeover) {
    add("server_context_takeover", "has no effect without compression = \"on\"");
  }
  if (off && profile.client_context_takeover) {
    add("client_context_takeover", "has no effect without compression = \"on\"");
  }
  if (!off && profile.deflate_size_min > compression.size_max) {
    add("deflate_size_min",
        fmt::format("exceeds compression.size_max, which is {}: nothing is sent compressed",
                    compression.size_max));
  }
}

// A ceiling that one caller or one client can reach.
void warn_about_memory(const Config& config, Findings& findings) {
  const std::uint64_t ceiling = config.limits.memory_max;
  if (ceiling == 0) return;
  const auto compare = [&](std::string_view key, std::uint64_t size) {
    if (size <= ceiling) return;
    findings.push_back(
        {"limits.memory_max", fmt::format("is less than {}, which is {}", key, size)});
  };
  compare("api.body_size_max", config.api.body_size_max);
  for (const Profile& profile : config.profiles) {
    compare(profile_key(profile.name, "message_size_max"), profile.message_size_max);
    compare(profile_key(profile.name, "queue_size_max"), profile.queue_size_max);
  }
}

}  // namespace

std::vector<Finding> find_contradictions(const Config& config,
                                         const std::vector<std::string>& reserved_paths) {
  Findings findings;
  check_listeners(config, findings);
  check_tls(config, findings);
  check_public(config.public_, findings);
  check_api(config.api, findings);
  check_api_pages(config.api, findings);
  check_hub(config.hub, findings);
  check_times(config, findings);
  check_paths(config, reserved_paths, findings);
  for (const Profile& profile : config.profiles) {
    check_messages(profile, findings);
    check_identity(profile, findings);
    check_auth(profile, config.auth, findings);
    check_channels(profile, config.hub, findings);
  }
  return findings;
}

std::vector<Finding> find_warnings(const Config& config) {
  Findings findings;
  if (config.api.keys.empty() && config.api.client_ca.empty()) {
    findings.push_back({"api.keys", "is empty: every process on this machine may push"});
    if (std::ranges::find(config.api.hosts, "any") != config.api.hosts.end()) {
      findings.push_back({"api.hosts", "\"any\" without keys: pages can push by DNS rebinding"});
    }
    if (std::ranges::find(config.api.origins, "any") != config.api.origins.end()) {
      findings.push_back({"api.origins",
                          "\"any\" without keys: every page that is open in a "
                          "browser on this machine can push"});
    }
  }
  for (const Profile& profile : config.profiles) {
    warn_about_profile(profile, findings);
    warn_about_compression(profile, config.compression, findings);
  }
  warn_about_auth(config, findings);
  warn_about_memory(config, findings);
  return findings;
}

}  // namespace config
