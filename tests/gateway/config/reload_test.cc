#include "gateway/config/reload.h"

#include <gtest/gtest.h>

#include "gateway/config/schema.h"
#include "tests/gateway/config/testing.h"

namespace config {
namespace {

using Lines = std::vector<std::string>;

Lines notes_of(const Config& before, const Config& after) {
  Lines lines;
  for (const ReloadNote& note : compare_for_reload(before, after)) lines.push_back(to_string(note));
  return lines;
}

TEST(Reload, SaysNothingWhenNothingChanged) { EXPECT_EQ(notes_of(*load({}), *load({})), Lines()); }

TEST(Reload, SaysWhatTakesEffectWhen) {
  const Config before = *load({});
  Config after = before;
  after.log.level = "debug";
  after.hub.shards = 4;
  after.api.body_size_max = 1 << 20;
  after.api.keys = {"0123456789abcdef"};
  find_profile(after, "chat")->room = "lobby";
  std::erase_if(after.profiles, [](const Profile& profile) { return profile.name == "echo"; });
  after.profiles.push_back({.name = "news", .path = "/news"});
  EXPECT_EQ(notes_of(before, after),
            Lines({"api.keys: [] -> [\"(hidden)\"] (now)",
                   "api.body_size_max: \"8MiB\" -> \"1MiB\" (now)",
                   "hub.shards: 0 -> 4 (after a restart)", "log.level: \"info\" -> \"debug\" (now)",
                   "profiles.echo: removed (after a restart)",
                   "profiles.chat.room: \"chat\" -> \"lobby\" (for new connections)",
                   "profiles.news: added (now)"}));
}

TEST(Reload, OnlyTheseNeedARestart) {
  Lines keys;
  for (const auto& setting : global_settings()) {
    if (setting.reload == Reload::kRestart) keys.emplace_back(setting.name);
  }
  EXPECT_EQ(keys, Lines({"public.listen", "public.backlog", "public.tls", "tls.self_signed",
                         "limits.address_prefix_v6", "api.listen", "api.tls", "api.client_ca",
                         "hub.shards", "hub.ring_size", "hub.outstanding_max", "hub.send_batch",
                         "hub.fanouts_max", "compression.window_bits"}));
  for (const auto& setting : profile_settings()) {
    EXPECT_EQ(setting.reload, Reload::kNewConnections) << setting.name;
  }
}

TEST(Reload, MergesNewValuesWithOldOnes) {
  const Config before = *load({});
  Config after = before;
  after.log.level = "debug";
  after.public_.listen = "0.0.0.0:9";
  after.hub.ring_size = 64;
  find_profile(after, "chat")->room = "lobby";
  std::erase_if(after.profiles, [](const Profile& profile) { return profile.name == "echo"; });
  after.profiles.insert(after.profiles.begin(), {.name = "news", .path = "/news"});
  const auto merged = merge_reloadable(before, after);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->log.level, "debug");
  EXPECT_EQ(merged->public_.listen, before.public_.listen);
  EXPECT_EQ(merged->hub.ring_size, before.hub.ring_size);
  EXPECT_EQ(find_profile(*merged, "chat")->room, "lobby");
  // Indices stay: old ones first, in their order, removed or not.
  ASSERT_EQ(merged->profiles.size(), before.profiles.size() + 1);
  for (std::size_t index = 0; index < before.profiles.size(); ++index) {
    EXPECT_EQ(merged->profiles[index].name, before.profiles[index].name);
  }
  EXPECT_EQ(merged->profiles.back().name, "news");
}

TEST(Reload, MergedConfigurationDiffersOnlyInWhatNeedsARestart) {
  const Config before = *load({});
  Config after = before;
  after.log.level = "off";
  after.hub.shards = 9;
  for (const ReloadNote& note : compare_for_reload(*merge_reloadable(before, after), after)) {
    EXPECT_EQ(note.takes_effect, TakesEffect::kAfterRestart) << note.key;
  }
}

TEST(Reload, RefusesAMixtureThatWouldOpenTheApi) {
  Config before = *load({});
  before.api.listen = "10.0.0.1:8081";
  before.api.keys = {"0123456789abcdef"};
  Config after = before;
  after.api.listen = "127.0.0.1:8081";
  after.api.keys.clear();
  const auto merged = merge_reloadable(before, after);
  ASSERT_FALSE(merged);
  ASSERT_EQ(merged.error().size(), 1U);
  EXPECT_TRUE(to_string(merged.error()[0])
                  .starts_with("reload without a restart: api.listen: refusing to start"));
}

TEST(Reload, RefusesAPathThatARemovedProfileStillHas) {
  const Config before = *load({});
  Config after = before;
  find_profile(after, "echo")->name = "mirror";
  const auto merged = merge_reloadable(before, after);
  ASSERT_FALSE(merged);
  EXPECT_EQ(lines_of(merged.error()),
            Lines({"reload without a restart: profiles.mirror.path: \"/echo\" is also the path of "
                   "profiles.echo"}));
}

}  // namespace
}  // namespace config
