#include "gateway/config/reference.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "gateway/config/reload.h"
#include "tests/gateway/config/testing.h"

namespace config {
namespace {

TEST(Reference, FileInDeployIsUpToDate) {
  std::ostringstream file;
  file << std::ifstream(DUNLIN_REFERENCE_FILE, std::ios::binary).rdbuf();
  EXPECT_TRUE(file.str() == reference_text())
      << "deploy/dunlin.reference.toml is stale. Write it again with:\n"
         "  build/release/dunlin print-config --reference > deploy/dunlin.reference.toml";
}

TEST(Reference, IsAFileThatSaysTheDefaults) {
  const auto loaded = load(from_text(reference_text()));
  ASSERT_TRUE(loaded) << to_string(loaded.error().front());
  Config defaults;
  defaults.profiles.push_back({.name = "example", .path = "/example"});
  for (const ReloadNote& note : compare_for_reload(defaults, *loaded)) {
    ADD_FAILURE() << to_string(note);
  }
}

TEST(ToToml, IsReadBack) {
  Sources sources;
  sources.overrides = {{"hub.shards", "3", "--shards"},
                       {"log.format", "json", "--log-format"},
                       {"profiles.chat.channels", "a\"b,c\\d", "--set"},
                       {"profiles.chat.heartbeat_text", "a\tb\x7f", "--set"},
                       {"api.body_size_max", "1000", "--set"}};
  const auto original = load(sources);
  ASSERT_TRUE(original);
  const auto copy = load(from_text(to_toml(*original)));
  ASSERT_TRUE(copy) << to_string(copy.error().front());
  EXPECT_TRUE(compare_for_reload(*original, *copy).empty());
  EXPECT_EQ(copy->profiles.size(), original->profiles.size());
}

TEST(ToToml, HidesSecrets) {
  Config config;
  config.api.keys = {"0123456789abcdef"};
  const std::string text = to_toml(config);
  EXPECT_EQ(text.find("0123456789abcdef"), std::string::npos);
  // And what is shown in their place can never become a key by accident.
  EXPECT_FALSE(load(from_text(text)));
}

}  // namespace
}  // namespace config
