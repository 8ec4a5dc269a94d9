#include "gateway/config/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/config/schema.h"

namespace config {
namespace {

using Arguments = std::vector<std::string>;

Command parse(const Arguments& arguments) { return parse_command_line(arguments).command; }

Arguments flat(const std::vector<Override>& overrides) {
  Arguments lines;
  for (const Override& given : overrides) {
    lines.push_back(given.flag + " | " + given.key + " | " + given.value);
  }
  return lines;
}

TEST(CommandLine, ReadsServe) {
  const Command command =
      parse({"serve", "--config", "a.toml", "--listen", "0.0.0.0:1", "--api", "127.0.0.1:0",
             "--shards", "4", "--log-level", "debug", "--log-format", "json", "--ready-file",
             "/run/ready", "--set", "api.keys=a,b", "--set", "profiles.x.heartbeat_text=[a=b]"});
  const auto& serve = std::get<ServeCommand>(command);
  EXPECT_EQ(serve.config_file, "a.toml");
  EXPECT_EQ(serve.ready_file, "/run/ready");
  EXPECT_EQ(flat(serve.overrides),
            Arguments({"--listen | public.listen | 0.0.0.0:1", "--api | api.listen | 127.0.0.1:0",
                       "--shards | hub.shards | 4", "--log-level | log.level | debug",
                       "--log-format | log.format | json", "--set api.keys | api.keys | a,b",
                       "--set profiles.x.heartbeat_text | profiles.x.heartbeat_text | [a=b]"}));
}

TEST(CommandLine, LeavesOutWhatIsNotGiven) {
  const Command command = parse({"serve"});
  const auto& serve = std::get<ServeCommand>(command);
  EXPECT_FALSE(serve.config_file);
  EXPECT_FALSE(serve.ready_file);
  EXPECT_TRUE(serve.overrides.empty());
}

TEST(CommandLine, ShorthandsAreKeysThatThereAre) {
  const Command command = parse({"serve", "--listen", "a", "--api", "a", "--shards", "a",
                                 "--log-level", "a", "--log-format", "a"});
  for (const Override& given : std::get<ServeCommand>(command).overrides) {
    const auto settings = global_settings();
    EXPECT_NE(std::ranges::find(settings, given.key, &Setting::name), settings.end()) << given.key;
  }
}

TEST(CommandLine, TakesEqualsSignsAndEmptyValues) {
  const Command command = parse({"serve", "--config=a.toml", "--set=profiles.chat.room="});
  const auto& serve = std::get<ServeCommand>(command);
  EXPECT_EQ(serve.config_file, "a.toml");
  EXPECT_EQ(flat(serve.overrides), Arguments({"--set profiles.chat.room | profiles.chat.room | "}));
}

TEST(CommandLine, ReadsCheckConfig) {
  const Command with_file = parse({"check-config", "a.toml", "--set", "hub.shards=1"});
  EXPECT_EQ(std::get<CheckConfigCommand>(with_file).config_file, "a.toml");
  EXPECT_EQ(std::get<CheckConfigCommand>(with_file).overrides.size(), 1U);
  const Command without = parse({"check-config"});
  EXPECT_FALSE(std::get<CheckConfigCommand>(without).config_file);
}

TEST(CommandLine, ReadsPrintConfig) {
  const auto what = [](const Arguments& arguments) {
    return std::get<PrintConfigCommand>(parse(arguments)).what;
  };
  EXPECT_EQ(what({"print-config"}), PrintedConfig::kInForce);
  EXPECT_EQ(what({"print-config", "--reference"}), PrintedConfig::kReference);
  EXPECT_EQ(what({"print-config", "--defaults"}), PrintedConfig::kDefaults);
  EXPECT_EQ(what({"print-config", "--config", "a.toml"}), PrintedConfig::kInForce);
}

TEST(CommandLine, HelpIsTheManual) {
  for (const Arguments& arguments : {Arguments{}, Arguments{"--help"}, Arguments{"-h"}}) {
    const auto text = std::get<PrintTextCommand>(parse(arguments)).text;
    for (const auto* word : {"serve", "check-config", "print-config", "--listen HOST:PORT",
                             "--ready-file FILE", "--set KEY=VALUE", "--reference", "--version",
                             "DUNLIN_CONFIG", "Exit status", "Examples"}) {
      EXPECT_NE(text.find(word), std::string::npos) << word;
    }
    EXPECT_TRUE(text.ends_with('\n'));
  }
}

TEST(CommandLine, HelpOfACommandIsAboutThatCommand) {
  const auto text = std::get<PrintTextCommand>(parse({"serve", "--help"})).text;
  EXPECT_NE(text.find("--ready-file"), std::string::npos);
  EXPECT_EQ(text.find("--reference"), std::string::npos);
}

TEST(CommandLine, PrintsTheVersion) {
  const auto text = std::get<PrintTextCommand>(parse({"--version"})).text;
  EXPECT_TRUE(text.starts_with("dunlin 0.")) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(CommandLine, BadOptionsAreOneClearLine) {
  struct Row {
    Arguments arguments;
    std::string_view expected;  // A part of the message.
  };
  const Row rows[] = {
      {{"sevre"}, "unknown command \"sevre\"; did you mean \"serve\"?"},
      {{"xyzzy-plugh"}, "unknown command \"xyzzy-plugh\""},
      {{"serve", "--prot", "80"}, "--prot"},
      {{"serve", "more"}, "more"},
      {{"serve", "--config"}, "--config"},
      {{"serve", "--set", "api.keys"}, "--set: expected KEY=VALUE, got \"api.keys\""},
      {{"serve", "--set", "=x"}, "expected KEY=VALUE"},
      {{"serve", "--set"}, "--set"},
      {{"check-config", "a", "b"}, "b"},
      {{"print-config", "--reference", "--defaults"}, "--defaults"},
      {{"--nonsense"}, "--nonsense"},
      {{"serve", "a\nb\x1b"}, "a b"},
      {{""}, "unknown command \"\""},
  };
  for (const Row& row : rows) {
    const Command command = parse(row.arguments);
    const auto* error = std::get_if<UsageError>(&command);
    ASSERT_NE(error, nullptr) << row.expected;
    EXPECT_NE(error->message.find(row.expected), std::string::npos) << error->message;
    EXPECT_TRUE(error->message.starts_with("dunlin: ")) << error->message;
    for (const char c : error->message) EXPECT_FALSE(c >= 0 && c < 0x20) << error->message;
  }
}

TEST(CommandLine, SkipsTheProgramsName) {
  const char* const argv[] = {"serve", "print-config"};
  EXPECT_TRUE(std::holds_alternative<PrintConfigCommand>(parse_command_line(2, argv).command));
  EXPECT_TRUE(std::holds_alternative<PrintTextCommand>(parse_command_line(1, argv).command));
  EXPECT_TRUE(std::holds_alternative<PrintTextCommand>(parse_command_line(0, argv).command));
}

}  // namespace
}  // namespace config
