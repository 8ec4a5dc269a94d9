#include "bench/load/target/profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <utility>

#include "bench/load/target/built_in_profiles.h"

namespace load {
namespace {

// Other servers that take the same requests as the one whose profile they use.
struct Alias {
  std::string_view name;
  std::string_view profile;
};

constexpr std::array kAliases = {
    Alias{"dunlin-plain", "dunlin"},  // … without io_uring.
    Alias{"dunlin-2-shards", "dunlin"}, Alias{"limit", "dunlin"},
    Alias{"limit-ring", "dunlin"},      Alias{"dunlin-tls-plain", "dunlin-tls"},
    Alias{"limit-tls", "dunlin-tls"},   Alias{"limit-tls-lean", "dunlin-tls"}};

constexpr int kBasesMax = 8;  // One that is its own base ends.

std::string text_at(const toml::table& table, std::string_view key, std::string_view absent = {}) {
  return table[key].value_or(std::string(absent));
}

PublishForm read_form(const toml::table& root, std::string_view name) {
  const auto* table = root[name].as_table();
  if (table == nullptr) return {};
  return {.method = text_at(*table, "method", "POST"),
          .path = Template(text_at(*table, "path")),
          .content_type = text_at(*table, "content_type", "application/json"),
          .body = Template(text_at(*table, "body"))};
}

std::expected<toml::table, std::string> parse_profile(const std::string& name_or_path) {
  const auto alias = std::ranges::find(kAliases, name_or_path, &Alias::name);
  const std::string_view wanted = alias == kAliases.end() ? name_or_path : alias->profile;
  const auto texts = built_in_profile_texts();
  const auto text = std::ranges::find(texts, wanted, &ProfileText::name);
  if (text != texts.end()) return toml::parse(text->toml);
  if (!std::filesystem::exists(name_or_path)) {
    return std::unexpected(fmt::format("there is no profile or file '{}'; built in are {}",
                                       name_or_path, fmt::join(built_in_profiles(), ", ")));
  }
  return toml::parse_file(name_or_path);
}

bool is_built_in(const std::string& name) {
  const auto names = built_in_profiles();
  return std::ranges::find(names, name) != names.end();
}

// What `own` says goes before what `base` says, key by key.
void lay_over(toml::table& base, const toml::table& own) {
  for (const auto& [key, node] : own) {
    toml::table* below = base[key].as_table();
    if (below != nullptr && node.is_table()) {
      lay_over(*below, *node.as_table());
    } else {
      base.insert_or_assign(key, node);
    }
  }
}

std::expected<toml::table, std::string> with_bases(toml::table own, const std::string& source) {
  for (int bases = 0;; ++bases) {
    const std::string name = text_at(own, "base");
    if (name.empty()) return own;
    if (bases == kBasesMax) return std::unexpected(fmt::format("{}: too many bases", source));
    auto base = parse_profile(name);
    if (!base) return std::unexpected(fmt::format("{}: base: {}", source, base.error()));
    own.erase("base");
    base->erase("name");
    lay_over(*base, own);
    own = std::move(*base);
  }
}

std::expected<Profile, std::string> read_profile(const toml::table& root, std::string_view source) {
  const auto* client = root["client"].as_table();
  if (client == nullptr)
    return std::unexpected(fmt::format("{}: table [client] is missing", source));
  const std::string protocol = text_at(root, "protocol", "http");
  if (protocol != "http" && protocol != "nats")
    return std::unexpected(fmt::format("{}: protocol is '{}', not http or nats", source, protocol));
  const bool api_tls = root["api_tls"].value_or(false);
  if (api_tls && protocol != "http")
    return std::unexpected(fmt::format("{}: api_tls goes with protocol http only", source));

  Profile profile;
  profile.name = text_at(root, "name", source);
  profile.protocol = protocol == "nats" ? Protocol::kNats : Protocol::kHttp;
  profile.tls = (*client)["tls"].value_or(false);
  profile.api_tls = api_tls;
  profile.deflate = (*client)["permessage_deflate"].value_or(false);
  const std::string path = text_at(*client, "path", "/");
  profile.client_path = Template(path);
  profile.broadcast_path = Template(text_at(*client, "broadcast_path", path));
  profile.mixed_path = Template(text_at(*client, "mixed_path", path));
  profile.channel_path = Template(text_at(*client, "channel_path"));
  profile.echo_path = text_at(*client, "echo_path");
  profile.login = Template(text_at(*client, "login"));
  profile.channel_login = Template(text_at(*client, "channel_login"));
  profile.subprotocol = text_at(*client, "subprotocol");
  profile.push = read_form(root, "push");
  profile.broadcast = read_form(root, "broadcast");
  profile.channel = read_form(root, "channel");
  profile.batch = read_form(root, "batch");
  profile.batch.is_batch = true;
  return profile;
}

}  // namespace

std::vector<std::string_view> built_in_profiles() {
  std::vector<std::string_view> names;
  for (const ProfileText& text : built_in_profile_texts()) names.push_back(text.name);
  for (const Alias& alias : kAliases) names.push_back(alias.name);
  return names;
}

std::expected<Profile, std::string> load_profile(const std::string& name_or_path) {
  // Debian's library is built with exceptions; none leaves this function.
  try {
    auto own = parse_profile(name_or_path);
    if (!own) return std::unexpected(own.error());
    const auto whole = with_bases(std::move(*own), name_or_path);
    if (!whole) return std::unexpected(whole.error());
    auto profile = read_profile(*whole, name_or_path);
    if (profile && is_built_in(name_or_path)) profile->name = name_or_path;
    return profile;
  } catch (const toml::parse_error& error) {
    std::ostringstream message;
    message << name_or_path << ": " << error;
    return std::unexpected(message.str());
  }
}

}  // namespace load
