#include "gateway/process/announcement.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "gateway/config/rules.h"
#include "gateway/observe/log.h"

namespace process {
namespace {

// The page connects to /ws, and says who it is.
bool has_push_page(const config::Config& config) {
  return config.public_.pages &&
         std::ranges::any_of(config.profiles, [](const config::Profile& profile) {
           return profile.path == "/ws" && profile.auth == config::AuthMode::kNone &&
                  profile.identity == config::IdentitySource::kMessage;
         });
}

// What a caller of the API must show; never a key itself.
std::string curl_options(const config::Config& config) {
  std::string options;
  if (config.api.tls && config.tls.self_signed) options += "-k ";
  if (!config.api.client_ca.empty()) options += "--cert CERTIFICATE --key KEY ";
  if (!config.api.keys.empty()) options += "-H 'Authorization: Bearer KEY' ";
  return options;
}

}  // namespace

void log_limits(const config::Config& config, std::uint64_t memory_max) {
  const config::Limits& limits = config.limits;
  observe::info("limits", {{"memory_bytes", memory_max},
                           {"connections", config.public_.connections_max},
                           {"accepts_per_second", limits.accept_rate},
                           {"accept_burst", limits.accept_burst},
                           {"handshakes_per_shard", limits.handshakes_max},
                           {"handshake_timeout_ms", config.handshake.timeout_ms},
                           {"connections_per_address", limits.connections_per_address_max},
                           {"handshakes_per_address", limits.handshakes_per_address_max},
                           {"ipv6_prefix", limits.address_prefix_v6},
                           {"trusted_proxies", config.public_.trusted_proxies.size()},
                           {"api_connections_per_shard", config.api.connections_max},
                           {"api_body_bytes", config.api.body_size_max}});
}

void log_dangers(const config::Config& config) {
  for (const config::Finding& warning : config::find_warnings(config)) {
    if (!warning.key.ends_with(".auth")) continue;  // The others are for check-config.
    observe::warn("tokens are not asked for", {{"setting", warning.key}, {"why", warning.message}});
  }
  if (config.api.keys.empty() && config.api.client_ca.empty()) {
    observe::warn("the internal API has no keys: whoever reaches it can push", {});
  }
  if (::geteuid() == 0) {
    observe::warn("running as root, which nothing here needs: give it a user of its own", {});
  }
}

void print_addresses(const config::Config& config, const config::HostPort& public_address,
                     const config::HostPort& api_address) {
  const auto reachable = [](config::HostPort address) {
    if (config::is_wildcard(address)) address.host = "127.0.0.1";
    return config::to_string(address);
  };
  const std::string site = reachable(public_address);
  const std::string api = reachable(api_address);
  const char* const s = config.public_.tls ? "s" : "";
  const char* const api_s = config.api.tls ? "s" : "";
  fmt::print("dunlin is serving\n");
  fmt::print("  WebSocket   ws{}://{} ", s, site);
  for (const auto& profile : config.profiles) fmt::print(" {}", profile.path);
  // The pages show command lines for the API's default address, without TLS, unless they are told.
  std::string told;
  if (config.api.tls || api != config::Config{}.api.listen) {
    told = fmt::format("api={}{}", config.api.tls ? "https://" : "", api);
  }
  if (config.public_.pages) {
    fmt::print("\n  pages       http{}://{}/{}{}", s, site, told.empty() ? "" : "?", told);
  }
  fmt::print("\n  API         http{}://{}/\n", api_s, api);
  if (has_push_page(config)) {
    fmt::print("  try         open http{}://{}/push.html?uid=123{}{} and connect, then:\n", s, site,
               told.empty() ? "" : "&", told);
  } else {
    fmt::print("  try         connect as user 123, then:\n");
  }
  fmt::print("              curl {}'http{}://{}/send?uid=123&message=Hello%20World'\n",
             curl_options(config), api_s, api);
  std::fflush(stdout);
}

}  // namespace process
