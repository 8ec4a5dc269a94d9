#include "gateway/config/loader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "gateway/config/reload.h"
#include "gateway/config/schema.h"
#include "tests/gateway/config/testing.h"

namespace config {
namespace {

using Lines = std::vector<std::string>;

// A file in a directory of its own, removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    char directory[] = "/tmp/dunlin-config-XXXXXX";
    directory_ = mkdtemp(directory);
    path_ = directory_ + "/dunlin.toml";
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() {
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  std::string path_;
};

TEST(Load, ShippedConfigurationHasTheTutorialsProfiles) {
  const auto config = load({});
  ASSERT_TRUE(config) << to_string(config.error().front());
  Lines profiles;
  for (const Profile& profile : config->profiles) profiles.push_back(profile.name + profile.path);
  EXPECT_EQ(profiles, Lines({"echo/echo", "ping/ping", "chat/chat", "ws/ws", "context/context",
                             "live/live"}));

  const Profile& echo = *find_profile(*config, "echo");
  EXPECT_EQ(echo.on_text, MessageAction::kEcho);
  EXPECT_EQ(echo.on_binary, MessageAction::kEcho);
  EXPECT_EQ(echo.heartbeat_text, "heartbeat");
  EXPECT_EQ(echo.heartbeat_interval_ms, 1'000U);

  EXPECT_TRUE(find_profile(*config, "ping")->answer_ping);

  const Profile& chat = *find_profile(*config, "chat");
  EXPECT_EQ(chat.on_text, MessageAction::kBroadcast);
  EXPECT_EQ(chat.room, "chat");
  EXPECT_TRUE(chat.normalize_space);
  EXPECT_EQ(chat.queue_size_max, 64U << 10);
  EXPECT_EQ(chat.queue_overflow, QueueOverflow::kClose);

  EXPECT_EQ(find_profile(*config, "ws")->identity, IdentitySource::kMessage);
  EXPECT_EQ(find_profile(*config, "ws")->on_text, MessageAction::kDiscard);

  const Profile& context = *find_profile(*config, "context");
  EXPECT_EQ(context.identity, IdentitySource::kQuery);
  EXPECT_EQ(context.uid_param, "specialKey");
  EXPECT_EQ(context.gzip_param, "support_gzip");
  EXPECT_EQ(context.connections_per_uid_max, 1U);
  EXPECT_EQ(context.on_excess, OnExcess::kKickOld);
  EXPECT_EQ(context.channels, Lines({"context"}));

  EXPECT_EQ(find_profile(*config, "live")->on_text, MessageAction::kProtocol);
  EXPECT_TRUE(find_profile(*config, "live")->client_subscribe);
}

TEST(Load, ShippedConfigurationChangesNothingButProfiles) {
  Config shipped = *load({});
  shipped.profiles.clear();
  EXPECT_TRUE(compare_for_reload(Config{}, shipped).empty());
}

TEST(Load, FlagsBeatEnvironmentBeatsFileBeatsDefault) {
  Sources sources;
  EXPECT_EQ(load(sources)->hub.shards, 0U);
  sources.text = "[hub]\nshards = 1\n";
  EXPECT_EQ(load(sources)->hub.shards, 1U);
  sources.environment["DUNLIN_HUB_SHARDS"] = "2";
  EXPECT_EQ(load(sources)->hub.shards, 2U);
  sources.overrides.push_back({"hub.shards", "3", "--shards"});
  EXPECT_EQ(load(sources)->hub.shards, 3U);
  sources.overrides.push_back({"hub.shards", "4", "--set hub.shards"});
  EXPECT_EQ(load(sources)->hub.shards, 4U);
}

TEST(Load, ProfilesOfTheFileReplaceTheShippedOnes) {
  const auto config =
      load(from_text("[profiles.zebra]\npath = \"/z\"\n"
                     "[profiles.chat]\npath = \"/c\"\n"));
  ASSERT_TRUE(config);
  ASSERT_EQ(config->profiles.size(), 2U);
  EXPECT_EQ(config->profiles[0].name, "zebra") << "the file's order, not the alphabet's";
  EXPECT_EQ(config->profiles[1].name, "chat");
  EXPECT_EQ(config->profiles[1].room, "") << "nothing is left of the shipped profile";
}

TEST(Load, FileWithoutProfilesKeepsTheShippedOnes) {
  EXPECT_EQ(load(from_text("[log]\nlevel = \"debug\"\n[profiles]\n"))->profiles.size(), 6U);
}

TEST(Load, TakesEveryWayToWriteTables) {
  const auto config =
      load(from_text("hub = { shards = 2 }\napi.pipeline_max = 7\n"
                     "profiles.a.path = \"/a\"\nprofiles.a.on_text = \"echo\"\n"));
  ASSERT_TRUE(config) << to_string(config.error().front());
  EXPECT_EQ(config->hub.shards, 2U);
  EXPECT_EQ(config->api.pipeline_max, 7U);
  EXPECT_EQ(config->profiles[0].on_text, MessageAction::kEcho);
}

struct Row {
  std::string text;
  Lines expected;
};

const Row kRows[] = {
    {"[api]\nbody_size_max = \"big\"\n",
     {"dunlin.toml:2: api.body_size_max: expected a size from 1 to 1073741824 bytes (or such as "
      "\"64KiB\", \"1MiB\"), got \"big\""}},
    {"[api]\n\n\nbody_sise_max = 1\n",
     {"dunlin.toml:4: api.body_sise_max: unknown key; did you mean \"api.body_size_max\"?"}},
    {"[apii]\nlisten = \"x\"\nkeys = []\n",
     {"dunlin.toml:1: apii: unknown table; did you mean \"api\"?"}},
    {"ring_size = 4096\n",
     {"dunlin.toml:1: ring_size: unknown key; did you mean \"hub.ring_size\"?"}},
    {"api = 3\n", {"dunlin.toml:1: api: expected a table [api]"}},
    {"[[api]]\nlisten = \"127.0.0.1:1\"\n", {"dunlin.toml:1: api: expected a table [api]"}},
    {"[api.listen]\n",
     {"dunlin.toml:1: api.listen: expected a text of 1 to 256 bytes, got a table"}},
    {"[hub]\nshards = 1.5\n",
     {"dunlin.toml:2: hub.shards: expected an integer from 0 to 256, got a number with a "
      "fraction"}},
    {"[hub]\nshards = 2026-11-21\n",
     {"dunlin.toml:2: hub.shards: expected an integer from 0 to 256, got a date or time"}},
    {"[api]\nkeys = [1]\n",
     {"dunlin.toml:2: api.keys: expected a list of 0 to 64 texts, got something else"}},
    {"[api]\nkeys = [\"hush-hush\"]\n",
     {"dunlin.toml:2: api.keys: item 1: a key must have 16 to 512 characters, not 9"}},
    {"[api]\nkeys = [\"\"]\n", {"dunlin.toml:2: api.keys: item 1: must not be empty"}},
    {"[public]\nlisten = \"8080\"\n",
     {"dunlin.toml:2: public.listen: must be HOST:PORT or [IPV6]:PORT, got \"8080\""}},
    {"[profiles]\nchat = 1\n", {"dunlin.toml:2: profiles.chat: expected a table [profiles.chat]"}},
    {"[profiles.\"a.b\"]\npath = \"/a\"\n",
     {"dunlin.toml:1: profiles: a profile's name must have 1 to 64 of a-z, 0-9, '-' and '_', got "
      "\"a.b\""}},
    {"[profiles.chat]\npth = \"/chat\"\n",
     {"dunlin.toml:1: profiles.chat.path: is missing",
      "dunlin.toml:2: profiles.chat.pth: unknown key; did you mean \"profiles.chat.path\"?"}},
    {"[profiles.chat]\npath = \"chat\"\n",
     {"dunlin.toml:2: profiles.chat.path: must start with '/', got \"chat\""}},
    {"[profiles.a]\npath = \"/a\"\non_binary = \"protocol\"\n",
     {"dunlin.toml:3: profiles.a.on_binary: expected \"discard\", \"echo\" or \"broadcast\", got "
      "\"protocol\""}},
    // All of them, in the order of the file.
    {"[log]\nlevel = \"loud\"\n[drain]\nwindow_ms = -1\n[hub]\nring_size = 100\nwhat = 1\n",
     {"dunlin.toml:2: log.level: expected \"trace\", \"debug\", \"info\", \"warn\", \"error\" or "
      "\"off\", got \"loud\"",
      "dunlin.toml:4: drain.window_ms: expected a time from 0 to 86400000 ms (or such as "
      "\"250ms\", \"10s\"), got -1",
      "dunlin.toml:6: hub.ring_size: must be a power of two, such as 128, got 100",
      "dunlin.toml:7: hub.what: unknown key"}},
    // An error that would only follow from another is not told.
    {"[api]\nlisten = \"0.0.0.0:8081\"\nkeys = [\"short\"]\n",
     {"dunlin.toml:3: api.keys: item 1: a key must have 16 to 512 characters, not 5"}},
};

TEST(Load, SaysWhatIsWrongAndWhere) {
  for (const Row& row : kRows) EXPECT_EQ(complaints(from_text(row.text)), row.expected) << row.text;
}

TEST(Load, SyntaxErrorHasALineAndHidesNothingElse) {
  for (const std::string text : {"[hub]\nshards = \n", "[hub]\nshards = 1\nshards = 2\n",
                                 "[hub]\nx = \"\x01\"\n", "[hub]\n\xff\xfe\n", "[hub\n"}) {
    Sources sources = from_text(text);
    // Could be right, were the file readable; so nothing is said about it.
    sources.environment["DUNLIN_PROFILES_MINE_ROOM"] = "x";
    const auto lines = complaints(sources);
    ASSERT_EQ(lines.size(), 1U) << text;
    EXPECT_TRUE(lines[0].starts_with("dunlin.toml:")) << lines[0];
    for (const char c : lines[0]) EXPECT_FALSE(c >= 0 && c < 0x20) << lines[0];
  }
}

TEST(Load, ErrorsNameTheFlag) {
  EXPECT_EQ(complaints({.overrides = {{"api.listen", "nowhere", "--api"},
                                      {"hub.shrads", "1", "--set hub.shrads"},
                                      {"profiles.cht.room", "x", "--set profiles.cht.room"},
                                      {"profiles.chat", "x", "--set profiles.chat"}}}),
            Lines({"--api: api.listen: must be HOST:PORT or [IPV6]:PORT, got \"nowhere\"",
                   "--set hub.shrads: unknown key; did you mean \"hub.shards\"?",
                   "--set profiles.cht.room: no such profile; did you mean "
                   "\"profiles.chat\"?",
                   "--set profiles.chat: unknown key"}));
}

TEST(Load, ContradictionNamesTheSourceThatSaidItLast) {
  EXPECT_EQ(complaints({.environment = {{"DUNLIN_API_LISTEN", "0.0.0.0:8081"}}}),
            Lines({"DUNLIN_API_LISTEN: api.listen: refusing to start: 0.0.0.0:8081 is not a "
                   "loopback address and anybody there could push; set api.keys or "
                   "api.client_ca, or listen on 127.0.0.1"}));
}

TEST(Load, ReadsAFileFromDisk) {
  const TemporaryFile file("[hub]\nshards = 5\n");
  EXPECT_EQ(load({.file = file.path()})->hub.shards, 5U);
  EXPECT_EQ(load({.environment = {{"DUNLIN_CONFIG", file.path()}}})->hub.shards, 5U);
  EXPECT_EQ(name_of({.environment = {{"DUNLIN_CONFIG", file.path()}}}), file.path());
  EXPECT_EQ(load({.environment = {{"DUNLIN_CONFIG", ""}}})->hub.shards, 0U);
  const TemporaryFile other("[hub]\nshards = 6\n");
  EXPECT_EQ(
      load({.file = other.path(), .environment = {{"DUNLIN_CONFIG", file.path()}}})->hub.shards,
      6U);
}

TEST(Load, SaysWhyAFileCannotBeRead) {
  const TemporaryFile file(std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(complaints({.file = file.path() + "x"}),
            Lines({file.path() + "x: cannot be read: No such file or directory"}));
  EXPECT_EQ(complaints({.file = file.directory()}),
            Lines({file.directory() + ": cannot be read: Is a directory"}));
  EXPECT_EQ(complaints({.file = file.path()}),
            Lines({file.path() + ": is larger than 1048576 bytes"}));
}

TEST(Load, RefusesAFileThatIsBeingWritten) {
  for (const std::string_view text : {"", "\n \t\r\n"}) {
    const TemporaryFile file(text);
    EXPECT_EQ(
        complaints({.file = file.path()}),
        Lines({file.path() + ": is empty; for the shipped configuration, give no file at all"}));
  }
  const TemporaryFile comment("# Nothing is changed.\n");
  EXPECT_EQ(complaints({.file = comment.path()}), Lines());
}

TEST(Load, KeepsControlCharactersOutOfItsComplaints) {
  Sources sources = from_text("\"\\u001b[31m\" = 1\n[profiles.\"a\\u0007\"]\n");
  sources.overrides.push_back({"log\x1b.level\n", "x", "--set log\x1b.level\n"});
  const Lines lines = complaints(sources);
  ASSERT_GE(lines.size(), 2U);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.find_first_of("\x1b\x07\n"), std::string::npos) << line;
  }
}

TEST(Load, BoundsTheNumberOfProfiles) {
  std::string text;
  for (int index = 0; index < 256; ++index) {
    const std::string name = "p" + std::to_string(index);
    text += "[profiles." + name + "]\npath = \"/" + name + "\"\n";
  }
  EXPECT_EQ(complaints(from_text(text)), Lines());
  text += "[profiles.last]\npath = \"/last\"\n";
  const auto lines = complaints(from_text(text));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "dunlin.toml:513: profiles.last: more than 256 profiles");
}

}  // namespace
}  // namespace config
