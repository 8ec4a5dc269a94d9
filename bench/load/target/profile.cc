#include "bench/load/target/profile.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <array>
#include <sstream>

namespace load {
namespace {

struct BuiltIn {
  std::string_view name;
  std::string_view toml;
};

constexpr std::string_view kDunlin = R"(
name = "dunlin"
[client]
path = "/ws"
login = '{"uid":"{uid}"}'
channel_path = "/chat"
echo_path = "/echo"
[push]
path = "/v1/push"
body = '{"uid":"{uid}","text":"{text}"}'
[broadcast]
path = "/v1/push"
body = '{"all":true,"text":"{text}"}'
[channel]
path = "/v1/push"
body = '{"channel":"{channel}","text":"{text}"}'
[batch]
path = "/v1/push"
content_type = "application/x-ndjson"
body = '{"uid":"{uid}","text":"{text}"}'
)";

// The limit server takes the same requests, so that both are asked the very same thing.
constexpr std::array kBuiltIns = {BuiltIn{"dunlin", kDunlin},
                                  BuiltIn{"dunlin-plain", kDunlin},  // … without io_uring.
                                  BuiltIn{"limit", kDunlin}, BuiltIn{"limit-ring", kDunlin}};

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

std::expected<Profile, std::string> read_profile(const toml::table& root, std::string_view source) {
  const auto* client = root["client"].as_table();
  if (client == nullptr)
    return std::unexpected(fmt::format("{}: table [client] is missing", source));

  Profile profile;
  profile.name = text_at(root, "name", source);
  profile.client_path = Template(text_at(*client, "path", "/"));
  profile.broadcast_path =
      Template(text_at(*client, "broadcast_path", text_at(*client, "path", "/")));
  profile.channel_path = Template(text_at(*client, "channel_path"));
  profile.echo_path = text_at(*client, "echo_path");
  profile.login = Template(text_at(*client, "login"));
  profile.subprotocol = text_at(*client, "subprotocol");
  profile.push = read_form(root, "push");
  profile.broadcast = read_form(root, "broadcast");
  profile.channel = read_form(root, "channel");
  profile.batch = read_form(root, "batch");
  return profile;
}

}  // namespace

std::vector<std::string_view> built_in_profiles() {
  std::vector<std::string_view> names;
  names.reserve(kBuiltIns.size());
  for (const BuiltIn& built_in : kBuiltIns) names.push_back(built_in.name);
  return names;
}

std::expected<Profile, std::string> load_profile(const std::string& name_or_path) {
  // Debian's library is built with exceptions; none leaves this function.
  try {
    for (const BuiltIn& built_in : kBuiltIns) {
      if (built_in.name != name_or_path) continue;
      auto profile = read_profile(toml::parse(built_in.toml), built_in.name);
      if (profile) profile->name = built_in.name;
      return profile;
    }
    return read_profile(toml::parse_file(name_or_path), name_or_path);
  } catch (const toml::parse_error& error) {
    std::ostringstream message;
    message << name_or_path << ": " << error;
    return std::unexpected(message.str());
  }
}

}  // namespace load
