// Configurations from a file's text, a variable and a flag: what is wrong is told with its place
// and without control characters; what is right, printed as TOML, loads to the same again.
//
// Input: the file, NUL, KEY=VALUE of a variable, NUL, KEY=VALUE of --set.
#include <algorithm>

#include "gateway/config/loader.h"
#include "gateway/config/reference.h"
#include "gateway/config/reload.h"
#include "tests/fuzz/text.h"

namespace {

void check_error(const config::ConfigError& error, std::size_t line_count) {
  fuzz::require(!error.message.empty() && !error.where.source.empty());
  fuzz::require(error.where.line <= line_count);
  fuzz::require((error.where.line == 0) == (error.where.column == 0));
  // Of what the file says the line is known; of all together, and of variables and flags, there is
  // none.
  if (error.where.source == "fuzz.toml" && !error.key.empty() && error.where.line == 0) {
    fuzz::require(error.key.find('.') != std::string::npos);
  }
  const std::string text = to_string(error);
  fuzz::require(
      std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
}

config::Sources sources_of(std::string_view input) {
  config::Sources sources{
      .file = "fuzz.toml", .text = {}, .environment = {}, .overrides = {}, .reserved_paths = {"/"}};
  sources.text = fuzz::take_until(input, '\0');
  if (std::string_view variable = fuzz::take_until(input, '\0'); !variable.empty()) {
    const std::string name = "DUNLIN_" + std::string(fuzz::take_until(variable, '='));
    if (name != "DUNLIN_CONFIG") sources.environment.emplace(name, variable);
  }
  if (!input.empty()) {
    const std::string key(fuzz::take_until(input, '='));
    sources.overrides.push_back({key, std::string(input), "--set " + key});
  }
  return sources;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const config::Sources sources = sources_of(fuzz::text_of(data, size));
  // A line ends in LF; toml++ takes other characters for line ends as well.
  const auto line_count = sources.text->size() + 1;
  const auto loaded = config::load(sources);
  if (!loaded) {
    fuzz::require(!loaded.error().empty());
    for (const config::ConfigError& error : loaded.error()) check_error(error, line_count);
    return 0;
  }
  if (!loaded->api.keys.empty()) return 0;  // Keys are not printed, and may be required.
  const config::Sources printed{.file = "again.toml",
                                .text = to_toml(*loaded),
                                .environment = {},
                                .overrides = {},
                                .reserved_paths = {"/"}};
  const auto again = config::load(printed);
  fuzz::require(again.has_value());
  fuzz::require(compare_for_reload(*loaded, *again).empty());
  return 0;
}
