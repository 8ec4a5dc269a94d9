#include "gateway/config/commands.h"

#include <gtest/gtest.h>

#include <sstream>

#include "gateway/config/default_text.h"
#include "gateway/config/reference.h"

namespace config {
namespace {

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome check(const CheckConfigCommand& command, const Surroundings& surroundings = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = run_check_config(command, surroundings, out, err);
  return {status, out.str(), err.str()};
}

Outcome print(const PrintConfigCommand& command, const Surroundings& surroundings = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = run_print_config(command, surroundings, out, err);
  return {status, out.str(), err.str()};
}

TEST(CheckConfig, SumsUpAGoodConfiguration) {
  const Outcome outcome = check({});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "shipped configuration: ok\n"
            "  public    127.0.0.1:8080\n"
            "  api       127.0.0.1:8081 (no keys)\n"
            "  shards    one for each core\n"
            "  profile   echo at /echo\n"
            "  profile   ping at /ping\n"
            "  profile   chat at /chat\n"
            "  profile   ws at /ws\n"
            "  profile   context at /context\n"
            "  profile   live at /live\n"
            "  warning   api.keys: is empty: every process on this machine may push\n");
}

TEST(CheckConfig, LooksAtEverythingServeWouldLookAt) {
  const Surroundings surroundings{.environment = {{"DUNLIN_HUB_SHARDS", "7"}},
                                  .reserved_paths = {"/echo"}};
  const Outcome outcome =
      check({.overrides = {{"log.level", "loud", "--set log.level"}}}, surroundings);
  EXPECT_EQ(outcome.status, kExitBadUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "shipped configuration:7: profiles.echo.path: \"/echo\" is the path of a page\n"
            "--set log.level: expected \"trace\", \"debug\", \"info\", \"warn\", "
            "\"error\" or \"off\", got \"loud\"\n");
}

TEST(CheckConfig, SaysWhoMayCallTheApi) {
  const auto line = [](std::vector<Override> overrides) {
    const std::string out = check({.overrides = std::move(overrides)}).out;
    const std::size_t begin = out.find("  api ");
    return out.substr(begin, out.find('\n', begin) - begin);
  };
  const Override ca = {"api.client_ca", "ca.pem", "--set api.client_ca"};
  const Override tls = {"api.tls", "true", "--set api.tls"};
  const Override self_signed = {"tls.self_signed", "true", "--set tls.self_signed"};
  const Override keys = {"api.keys", "0123456789abcdef,fedcba9876543210", "--set api.keys"};
  EXPECT_EQ(line({keys}), "  api       127.0.0.1:8081 (2 keys)");
  EXPECT_EQ(line({ca, tls, self_signed}), "  api       127.0.0.1:8081 (client certificates, TLS)");
  EXPECT_EQ(line({ca, tls, self_signed, keys}),
            "  api       127.0.0.1:8081 (2 keys and client certificates, TLS)");
}

TEST(CheckConfig, NamesThePlaceOfASettingWhoseFileIsAtFault) {
  const Surroundings surroundings{.check_files = [](const Config& config) {
    EXPECT_EQ(config.tls.certificates, std::vector<std::string>({"x.pem"}));
    return std::vector<Finding>{{"tls.certificates", "cannot read x.pem", {}}};
  }};
  const CheckConfigCommand command{
      .overrides = {{"tls.certificates", "x.pem", "--set tls.certificates"}}};
  const Outcome outcome = check(command, surroundings);
  EXPECT_EQ(outcome.status, kExitBadUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "--set tls.certificates: cannot read x.pem\n");
  // Whoever prints settings need not be able to read those files.
  EXPECT_EQ(print({.overrides = command.overrides}, surroundings).status, 0);
}

TEST(CheckConfig, NamesAFileThatIsNotThere) {
  const Outcome outcome = check({.config_file = "/nonexistent/dunlin.toml"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "/nonexistent/dunlin.toml: cannot be read: No such file or directory\n");
}

TEST(PrintConfig, PrintsWhatWasAskedFor) {
  EXPECT_EQ(print({.what = PrintedConfig::kReference}).out, reference_text());
  EXPECT_EQ(print({.what = PrintedConfig::kDefaults}).out, default_text());
  const Outcome in_force = print({.overrides = {{"hub.shards", "3", "--shards"}}},
                                 {.environment = {{"DUNLIN_API_KEYS", "0123456789abcdef"}}});
  EXPECT_EQ(in_force.status, 0);
  EXPECT_NE(in_force.out.find("shards = 3\n"), std::string::npos);
  EXPECT_NE(in_force.out.find("keys = [\"(hidden)\"]\n"), std::string::npos);
}

TEST(PrintConfig, FailsLikeServe) {
  const Outcome outcome = print({.overrides = {{"hub.shards", "x", "--shards"}}});
  EXPECT_EQ(outcome.status, kExitBadUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("--shards: hub.shards: ")) << outcome.err;
}

TEST(SourcesFor, CarriesAllThatServeWasGiven) {
  const Sources sources =
      sources_for({.config_file = "a.toml", .overrides = {{"hub.shards", "3", "--shards"}}},
                  {.environment = {{"DUNLIN_X", "y"}}, .reserved_paths = {"/z"}});
  EXPECT_EQ(sources.file, "a.toml");
  EXPECT_FALSE(sources.text);
  EXPECT_EQ(sources.overrides.size(), 1U);
  EXPECT_EQ(sources.environment.size(), 1U);
  EXPECT_EQ(sources.reserved_paths, std::vector<std::string>({"/z"}));
}

}  // namespace
}  // namespace config
