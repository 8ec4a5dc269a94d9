#include "gateway/config/commands.h"

#include <fmt/format.h>

#include <ostream>
#include <string_view>
#include <utility>

#include "gateway/auth/key_set.h"
#include "gateway/config/default_text.h"
#include "gateway/config/reference.h"
#include "gateway/config/rules.h"
#include "gateway/config/schema.h"
#include "gateway/config/value.h"

namespace config {
namespace {

template <class AnyCommand>
Sources sources_of(const AnyCommand& command, const Surroundings& surroundings) {
  Sources sources;
  sources.file = command.config_file;
  sources.environment = surroundings.environment;
  sources.overrides = command.overrides;
  sources.reserved_paths = surroundings.reserved_paths;
  sources.check_files = surroundings.check_files;
  return sources;
}

int print_errors(const std::vector<ConfigError>& errors, std::ostream& err) {
  for (const ConfigError& error : errors) err << to_string(error) << '\n';
  return kExitBadUsage;
}

// What callers of the API must show.
std::string callers_phrase(const Api& api) {
  const std::size_t keys = api.keys.size();
  const bool certificates = !api.client_ca.empty();
  if (keys == 0) return certificates ? "client certificates" : "no keys";
  return fmt::format("{} {}{}", keys, keys == 1 ? "key" : "keys",
                     certificates ? " and client certificates" : "");
}

void print_summary(const Config& config, std::ostream& out) {
  out << fmt::format("  public    {}{}\n", config.public_.listen,
                     config.public_.tls ? " (TLS)" : "");
  out << fmt::format("  api       {} ({}{})\n", config.api.listen, callers_phrase(config.api),
                     config.api.tls ? ", TLS" : "");
  out << fmt::format("  shards    {}\n", config.hub.shards == 0
                                             ? std::string("one for each core")
                                             : std::to_string(config.hub.shards));
  if (config.token_keys != nullptr) {
    for (const auth::Key& key : config.token_keys->keys()) {
      out << fmt::format("  token key {}{}\n", auth::name_of(key.algorithm()),
                         key.kid().empty() ? "" : " kid " + in_quotes(key.kid()));
    }
  }
  for (const Profile& profile : config.profiles) {
    out << fmt::format("  profile   {} at {}\n", profile.name, profile.path);
  }
  for (const Finding& warning : find_warnings(config)) {
    out << fmt::format("  warning   {}: {}\n", warning.key, warning.message);
  }
}

}  // namespace

Sources sources_for(const ServeCommand& command, const Surroundings& surroundings) {
  return sources_of(command, surroundings);
}

int run_check_config(const CheckConfigCommand& command, const Surroundings& surroundings,
                     std::ostream& out, std::ostream& err) {
  const Sources sources = sources_of(command, surroundings);
  const auto loaded = load(sources);
  if (!loaded) return print_errors(loaded.error(), err);
  out << name_of(sources) << ": ok\n";
  print_summary(*loaded, out);
  return 0;
}

int run_print_config(const PrintConfigCommand& command, const Surroundings& surroundings,
                     std::ostream& out, std::ostream& err) {
  if (command.what == PrintedConfig::kReference) {
    out << reference_text();
    return 0;
  }
  if (command.what == PrintedConfig::kDefaults) {
    out << default_text();
    return 0;
  }
  Sources sources = sources_of(command, surroundings);
  sources.read_key_files = false;  // Whoever looks at settings need not be let into secrets.
  sources.check_files = nullptr;
  const auto loaded = load(sources);
  if (!loaded) return print_errors(loaded.error(), err);
  out << to_toml(*loaded);
  return 0;
}

}  // namespace config
