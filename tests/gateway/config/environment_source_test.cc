#include "gateway/config/environment_source.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/config/schema.h"
#include "tests/gateway/config/testing.h"

namespace config {
namespace {

std::vector<std::string> complaints_about(Environment environment) {
  return complaints({.environment = std::move(environment)});
}

using Lines = std::vector<std::string>;

TEST(Environment, SetsKeysOfAllKinds) {
  const auto loaded =
      load({.environment = {{"DUNLIN_API_LISTEN", "127.0.0.1:9"},
                            {"DUNLIN_API_KEYS", "0123456789abcdef, fedcba9876543210"},
                            {"DUNLIN_HUB_SHARDS", "3"},
                            {"DUNLIN_LOG_FORMAT", "json"},
                            {"DUNLIN_PUBLIC_PAGES", "false"},
                            {"DUNLIN_PROFILES_CHAT_QUEUE_SIZE_MAX", "128KiB"},
                            {"PATH", "/bin"}}});
  ASSERT_TRUE(loaded) << to_string(loaded.error().front());
  EXPECT_EQ(loaded->api.listen, "127.0.0.1:9");
  EXPECT_EQ(loaded->api.keys, Lines({"0123456789abcdef", "fedcba9876543210"}));
  EXPECT_EQ(loaded->hub.shards, 3U);
  EXPECT_EQ(loaded->log.format, LogFormat::kJson);
  EXPECT_FALSE(loaded->public_.pages);
  EXPECT_EQ(find_profile(*loaded, "chat")->queue_size_max, 128U << 10);
}

TEST(Environment, NamesItselfInErrors) {
  EXPECT_EQ(complaints_about({{"DUNLIN_HUB_SHARDS", "many"}}),
            Lines({"DUNLIN_HUB_SHARDS: hub.shards: expected an integer from 0 to 256, got "
                   "\"many\""}));
}

TEST(Environment, RefusesUnknownVariables) {
  struct Row {
    std::string name;
    std::string expected;
  };
  const Row rows[] = {
      {"DUNLIN_API_LISTN", "; did you mean \"DUNLIN_API_LISTEN\"?"},
      {"DUNLIN_CONFIGS", "; did you mean \"DUNLIN_CONFIG\"?"},
      {"DUNLIN_PROFILES_CHT_ROOM", "; did you mean \"DUNLIN_PROFILES_CHAT_ROOM\"?"},
      {"DUNLIN_QWERTYUIOP", ""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(complaints_about({{row.name, "x"}}),
              Lines({row.name + ": unknown variable" + row.expected}));
  }
}

TEST(Environment, IgnoresWhatKubernetesMakesUpForAServiceOfOurName) {
  EXPECT_EQ(complaints_about({{"DUNLIN_SERVICE_HOST", "10.0.0.1"},
                              {"DUNLIN_SERVICE_PORT", "8080"},
                              {"DUNLIN_SERVICE_PORT_WS", "8080"},
                              {"DUNLIN_PORT", "tcp://10.0.0.1:8080"},
                              {"DUNLIN_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                              {"DUNLIN_PORT_8080_TCP_ADDR", "10.0.0.1"},
                              {"DUNLIN_API_PORT", "tcp://10.0.0.1:8081"}}),
            Lines());
  // A guess at a key is not taken for one of those.
  EXPECT_EQ(complaints_about({{"DUNLIN_PUBLIC_PORT", "8080"}}).size(), 1U);
  EXPECT_EQ(complaints_about({{"DUNLIN_PORT_", "8080"}}).size(), 1U);
  for (const auto& setting : global_settings()) {
    EXPECT_FALSE(variable_for(setting.name).ends_with("_PORT")) << setting.name;
  }
}

TEST(Environment, DashInAProfilesNameIsAnUnderscore) {
  Sources sources = from_text("[profiles.a-b]\npath = \"/a\"\n");
  sources.environment = {{"DUNLIN_PROFILES_A_B_ROOM", "lobby"}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->profiles[0].room, "lobby");
}

TEST(Environment, RefusesANameWithTwoMeanings) {
  Sources sources = from_text("[profiles.a]\npath = \"/a\"\n[profiles.a_client]\npath = \"/b\"\n");
  sources.environment = {{"DUNLIN_PROFILES_A_CLIENT_CHANNELS", "x"}};
  const auto lines = complaints(sources);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("DUNLIN_PROFILES_A_CLIENT_CHANNELS: could mean profiles.a"));
  EXPECT_TRUE(lines[0].ends_with("use --set")) << lines[0];
}

TEST(Environment, VariablesOfGlobalKeysAreUnique) {
  std::set<std::string> variables{std::string(kFileVariable)};
  for (const auto& setting : global_settings()) {
    EXPECT_TRUE(variables.insert(variable_for(setting.name)).second) << setting.name;
  }
}

TEST(Environment, ReadsThoseOfTheProcess) {
  ASSERT_EQ(setenv("DUNLIN_TEST_VARIABLE", "a=b", 1), 0);
  const Environment environment = read_environment();
  unsetenv("DUNLIN_TEST_VARIABLE");
  ASSERT_TRUE(environment.contains("DUNLIN_TEST_VARIABLE"));
  EXPECT_EQ(environment.at("DUNLIN_TEST_VARIABLE"), "a=b");
  EXPECT_FALSE(environment.contains("PATH"));
}

}  // namespace
}  // namespace config
