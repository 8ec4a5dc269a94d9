#include "gateway/config/loader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

#include "gateway/config/default_text.h"
#include "gateway/config/draft.h"
#include "gateway/config/environment_source.h"
#include "gateway/config/rules.h"
#include "gateway/config/token_keys.h"
#include "gateway/config/toml_source.h"

namespace config {
namespace {

constexpr std::size_t kFileSizeMax = 1 << 20;  // A thousand profiles with every key named.

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  const int number_;
};

std::unexpected<std::string> cannot_read() {
  return std::unexpected("cannot be read: " + std::generic_category().message(errno));
}

std::expected<std::string, std::string> read_file(const std::string& path) {
  const Descriptor descriptor(path);
  if (descriptor.number() < 0) return cannot_read();
  std::string text;
  char piece[16'384];
  for (;;) {
    const ssize_t size = read(descriptor.number(), piece, sizeof piece);
    if (size == 0) return text;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return cannot_read();
    text.append(piece, static_cast<std::size_t>(size));
    if (text.size() > kFileSizeMax) {
      return std::unexpected(fmt::format("is larger than {} bytes", kFileSizeMax));
    }
  }
}

std::optional<std::string> file_of(const Sources& sources) {
  if (sources.file) return sources.file;
  const auto variable = sources.environment.find(std::string(kFileVariable));
  if (variable == sources.environment.end() || variable->second.empty()) return std::nullopt;
  return variable->second;
}

void apply(const TomlContents& contents, Draft& draft) {
  for (const ConfigError& error : contents.errors) draft.report(error);
  if (!contents.profiles.empty()) draft.clear_profiles();
  for (const DeclaredProfile& profile : contents.profiles) {
    draft.add_profile(profile.name, profile.where);
  }
  for (const Assignment& assignment : contents.assignments) draft.assign(assignment);
}

// The file's text; nothing when there is no file.
std::expected<std::optional<std::string>, ConfigError> file_text(const Sources& sources) {
  if (sources.text) return sources.text;
  const auto file = file_of(sources);
  if (!file) return std::nullopt;
  auto text = read_file(*file);
  if (!text) return std::unexpected(ConfigError{{.source = *file}, "", text.error()});
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    return std::unexpected(ConfigError{
        {.source = *file}, "", "is empty; for the shipped configuration, give no file at all"});
  }
  return std::optional(std::move(*text));
}

// False when the file cannot be read as TOML at all. What the others say is then not looked at:
// without the file's profiles and values, it would be found wrong for no fault of its own.
bool apply_file(const Sources& sources, Draft& draft) {
  const auto text = file_text(sources);
  if (!text) {
    draft.report(text.error());
    return false;
  }
  const std::optional<std::string>& contents_text = *text;
  if (!contents_text) return true;
  const TomlContents contents = read_toml(*contents_text, name_of(sources));
  apply(contents, draft);
  return contents.is_toml;
}

void apply_environment(const Environment& environment, Draft& draft) {
  const EnvironmentContents contents = read_variables(environment, draft.config());
  for (const ConfigError& error : contents.errors) draft.report(error);
  for (const Assignment& assignment : contents.assignments) draft.assign(assignment);
}

void apply_overrides(const std::vector<Override>& overrides, Draft& draft) {
  for (const Override& given : overrides) {
    draft.assign({given.key, PlainText{given.value}, {.source = given.flag}});
  }
}

void apply_rules(const Sources& sources, Draft& draft) {
  const Location otherwise{.source = name_of(sources)};
  for (Finding& finding : find_contradictions(draft.config(), sources.reserved_paths)) {
    if (draft.has_failed(finding.other_key)) continue;
    const Location where = draft.location_of(finding.key, otherwise);
    draft.report({where, std::move(finding.key), std::move(finding.message)});
  }
}

// Last: a file is not blamed for what a better configuration would not have read.
void read_keys(const Sources& sources, Draft& draft, Config& config) {
  auto keys = read_token_keys(config.auth);
  if (keys) {
    config.token_keys = std::move(*keys);
  } else {
    draft.report({draft.location_of("auth.keys", {.source = name_of(sources)}), "auth.keys",
                  std::move(keys.error())});
  }
}

void check_files(const Sources& sources, Draft& draft, const Config& config) {
  if (!sources.check_files) return;
  for (Finding& finding : sources.check_files(config)) {
    const Location where = draft.location_of(finding.key, {.source = name_of(sources)});
    draft.report({where, std::move(finding.key), std::move(finding.message)});
  }
}

// The file's errors as they stand in the file; what comes from elsewhere keeps its place.
void sort_by_line(std::vector<ConfigError>& errors) {
  std::ranges::stable_sort(errors, [](const ConfigError& a, const ConfigError& b) {
    const bool both_have_lines = a.where.line > 0 && b.where.line > 0;
    return both_have_lines ? a.where.line < b.where.line : a.where.line > b.where.line;
  });
}

}  // namespace

std::expected<Config, std::vector<ConfigError>> load(const Sources& sources) {
  Draft draft;
  apply(read_toml(default_text(), "shipped configuration"), draft);
  if (apply_file(sources, draft)) {
    apply_environment(sources.environment, draft);
    apply_overrides(sources.overrides, draft);
    apply_rules(sources, draft);
  }
  if (draft.errors().empty()) {
    Config config = draft.config();
    if (sources.read_key_files) read_keys(sources, draft, config);
    check_files(sources, draft, config);
    if (draft.errors().empty()) return config;
  }
  std::vector<ConfigError> errors = draft.errors();
  sort_by_line(errors);
  return std::unexpected(std::move(errors));
}

std::string name_of(const Sources& sources) {
  if (const auto file = file_of(sources)) return *file;
  return sources.text ? "configuration" : "shipped configuration";
}

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (!text.starts_with(kVariablePrefix) || equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace config
