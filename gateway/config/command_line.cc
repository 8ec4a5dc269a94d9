#include "gateway/config/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "gateway/config/quantity.h"
#include "gateway/config/suggestion.h"
#include "gateway/config/value.h"
#include "proto/base/ascii.h"

namespace config {
namespace {

constexpr std::string_view kManual = R"(Configuration:
  Each key is taken from the first of these that names it: command line, environment, file, shipped
  default. The variable for a key is DUNLIN_<TABLE>_<KEY>, such as DUNLIN_API_LISTEN. DUNLIN_CONFIG
  names the file when --config does not. `dunlin print-config --reference` shows all keys;
  `dunlin print-config --defaults` the shipped file, to start one's own from.

Signals:
  SIGTERM, SIGINT  take connections down over drain.window_ms, then end
  SIGHUP           read the configuration again, with its certificates and keys

Exit status:
  0  done, or ended as asked    1  could not start    2  bad options or configuration

Examples:
  dunlin serve
  dunlin serve --dev-tls
  dunlin serve --listen 0.0.0.0:8080 --set profiles.chat.queue_size_max=128KiB
  DUNLIN_API_KEYS=$(openssl rand -hex 32) dunlin serve --api 10.0.0.5:8081
  dunlin check-config /etc/dunlin/dunlin.toml
)";

constexpr std::string_view kTokenManual =
    R"(Tokens are JSON Web Tokens (JWT). In production your own login service makes them, with any JWT
library; this command is for trying things out and for finding out why a token is refused.

Claims that the gateway reads: sub (the uid), exp, nbf, iat, iss, aud; channels (patterns that the
client may subscribe to), subscribe (channels it is subscribed to at once), and limits
({"connections":1,"subscriptions":10,"message_size":4096}). channels and limits only narrow what
the profile allows.

Exit status:
  0  done, or the token would be accepted    1  it would be refused    2  bad options

Examples:
  dunlin token --new-key ed25519 --out my.key
  dunlin serve --set auth.keys=my.key.jwks --set profiles.ws.auth=token
  dunlin token --key my.key --uid 42 --ttl 1h --channels 'news.*'
  dunlin token --new-key hs256 --out my.secret
  dunlin token --secret-file my.secret --uid 42 --claim 'limits={"connections":1}'
  dunlin token --verify "$TOKEN" --config /etc/dunlin/dunlin.toml
)";

// A kind of key that can be made.
struct KeyKind {
  std::string_view name;
  auth::Algorithm algorithm;
};

constexpr KeyKind kKeyKinds[] = {{"ed25519", auth::Algorithm::kEdDsa},
                                 {"es256", auth::Algorithm::kEs256},
                                 {"rs256", auth::Algorithm::kRs256},
                                 {"hs256", auth::Algorithm::kHs256}};

// A flag that is short for a key.
struct Shorthand {
  std::string_view flag;
  std::string_view placeholder;
  std::string_view key;
  std::string_view help;
};

constexpr Shorthand kShorthands[] = {
    {"--listen", "HOST:PORT", "public.listen", "Public address; port 0 lets the system choose"},
    {"--api", "HOST:PORT", "api.listen", "Address of the internal API; port 0 as above"},
    {"--shards", "N", "hub.shards", "Threads that serve connections; 0: one for each core"},
    {"--log-level", "LEVEL", "log.level", "trace, debug, info, warn, error or off"},
    {"--log-format", "FORMAT", "log.format", "text or json"},
};

// CLI11's picture of our command line, and the values it fills in. Lives within one parse.
class Grammar {
 public:
  Grammar() : app_("A WebSocket push gateway: holds connections, and pushes to them.", "dunlin") {
    app_.set_version_flag("--version", "dunlin " DUNLIN_VERSION, "Print the version");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.require_subcommand(0, 1);
    app_.get_formatter()->column_width(34);
    define_serve();
    define_check_config();
    define_print_config();
    define_token();
    app_.footer(std::string(kManual));  // After the commands: they would inherit it.
  }
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  Command parse(std::vector<std::string> arguments) {
    if (auto error = unknown_command(arguments)) return *std::move(error);
    std::ranges::reverse(arguments);  // CLI11 takes them off the back.
    try {
      app_.parse(std::move(arguments));
      return chosen_command();
    } catch (const CLI::CallForHelp&) {
      return PrintTextCommand{help()};
    } catch (const CLI::CallForVersion& version) {
      return PrintTextCommand{std::string(version.what()) + "\n"};
    } catch (const CLI::Error& error) {
      return usage_error(error.what());
    }
  }

 private:
  void define_serve() {
    serve_ = app_.add_subcommand("serve", "Run the gateway in the foreground");
    add_config_option(*serve_);
    for (const Shorthand& shorthand : kShorthands) add_shorthand(*serve_, shorthand);
    serve_->add_flag_callback(
        "--dev-tls",
        [this] {
          overrides_.push_back({"public.tls", "true", "--dev-tls"});
          overrides_.push_back({"tls.self_signed", "true", "--dev-tls"});
        },
        "The public port speaks TLS with a certificate for localhost, made now");
    serve_
        ->add_option("--ready-file", ready_file_, "Written once connections are accepted, as JSON")
        ->type_name("FILE");
    add_set_option(*serve_);
  }

  void define_check_config() {
    check_config_ = app_.add_subcommand("check-config", "Say whether `serve` would accept a file");
    check_config_->add_option("file", config_file_, "The file; without it, what `serve` would take")
        ->type_name("FILE");
    add_set_option(*check_config_);
  }

  void define_print_config() {
    print_config_ =
        app_.add_subcommand("print-config", "Print the configuration `serve` would use");
    print_config_->add_flag("--reference", reference_, "Print every key, with its help");
    print_config_->add_flag("--defaults", defaults_, "Print the shipped file");
    add_config_option(*print_config_);
    add_set_option(*print_config_);
  }

  void define_token() {
    token_ = app_.add_subcommand("token", "Make a token or a key, or say why a token is refused");
    const auto text = [this](const char* flag, std::string& value, const char* help,
                             const char* placeholder) {
      token_->add_option(flag, value, help)->type_name(placeholder);
    };
    const auto list = [this](const char* flag, std::vector<std::string>& values, const char* help,
                             const char* placeholder) {
      token_->add_option(flag, values, help)->type_name(placeholder)->allow_extra_args(false);
    };
    text("--key", key_file_, "Private key in PEM that signs the token", "FILE");
    text("--secret-file", secret_file_, "Secret that signs it, in place of a key", "FILE");
    text("--alg", algorithm_, "HS256 (default with a secret), HS384, HS512, RS256, ES256, EdDSA",
         "ALG");
    text("--uid", minted_.uid, "Whose token it is (sub)", "UID");
    text("--ttl", ttl_, "How long it is good, as 30s, 15m, 1h; 0: for ever (default 1h)", "TIME");
    list("--channels", minted_.channels, "Pattern that may be subscribed to; repeatable",
         "PATTERN");
    list("--subscribe", minted_.subscribe, "Channel subscribed to at once; repeatable", "CHANNEL");
    text("--iss", minted_.issuer, "Who issued it", "NAME");
    list("--aud", minted_.audiences, "Whom it is for; repeatable", "NAME");
    list("--claim", claims_, "Any claim, its value JSON or else a text; repeatable", "NAME=VALUE");
    text("--kid", minted_.kid, "Name of the key", "NAME");
    text("--new-key", new_key_, "Make a key: ed25519, es256, rs256 or hs256", "KIND");
    text("--out", out_, "With --new-key: its file; the public half goes to FILE.jwks", "FILE");
    text("--verify", verify_, "Say whether the gateway would accept it; -: from standard input",
         "TOKEN");
    add_config_option(*token_);
    add_set_option(*token_);
    token_->footer(std::string(kTokenManual));
  }

  void add_config_option(CLI::App& command) {
    command.add_option("--config", config_file_, "Configuration file")->type_name("FILE");
  }

  void add_shorthand(CLI::App& command, const Shorthand& shorthand) {
    const auto take = [this, &shorthand](const std::string& value) {
      overrides_.push_back({std::string(shorthand.key), value, std::string(shorthand.flag)});
    };
    command
        .add_option_function<std::string>(std::string(shorthand.flag), take,
                                          std::string(shorthand.help))
        ->type_name(std::string(shorthand.placeholder));
  }

  void add_set_option(CLI::App& command) {
    const auto take = [this](const std::vector<std::string>& settings) {
      for (const std::string& setting : settings) take_setting(setting);
    };
    command
        .add_option_function<std::vector<std::string>>("--set", take,
                                                       "Any key, any number of times")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
  }

  void take_setting(const std::string& setting) {
    const auto equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw CLI::ValidationError("--set", "expected KEY=VALUE, got " + in_quotes(setting));
    }
    const std::string key = setting.substr(0, equals);
    overrides_.push_back({key, setting.substr(equals + 1), "--set " + key});
  }

  // CLI11 would only say that an argument was not expected.
  static std::optional<UsageError> unknown_command(const std::vector<std::string>& arguments) {
    const std::array<std::string, 4> commands = {"serve", "check-config", "print-config", "token"};
    if (arguments.empty() || arguments[0].starts_with('-')) return std::nullopt;
    if (std::ranges::find(commands, arguments[0]) != commands.end()) return std::nullopt;
    return usage_error(fmt::format("unknown command {}{}", in_quotes(arguments[0]),
                                   suggestion_for(arguments[0], commands)));
  }

  static UsageError usage_error(std::string message) {
    // CLI11 repeats arguments as they are.
    std::ranges::replace_if(message, dunlin::is_control, ' ');
    return {fmt::format("dunlin: {} (see dunlin --help)", message)};
  }

  // With a command, that command's options; without one, everything.
  std::string help() {
    return app_.get_subcommands().empty() ? app_.help("", CLI::AppFormatMode::All) : app_.help();
  }

  Command chosen_command() {
    if (serve_->parsed()) return ServeCommand{config_file_, overrides_, ready_file_};
    if (check_config_->parsed()) return CheckConfigCommand{config_file_, overrides_};
    if (token_->parsed()) return token_command();
    if (!print_config_->parsed()) return PrintTextCommand{help()};
    if (reference_ && defaults_) return usage_error("--reference excludes --defaults");
    const PrintedConfig what = reference_  ? PrintedConfig::kReference
                               : defaults_ ? PrintedConfig::kDefaults
                                           : PrintedConfig::kInForce;
    return PrintConfigCommand{what, config_file_, overrides_};
  }

  Command token_command() {
    const bool signs = !key_file_.empty() || !secret_file_.empty();
    if (int{signs} + int{!new_key_.empty()} + int{!verify_.empty()} != 1 ||
        (!key_file_.empty() && !secret_file_.empty())) {
      return usage_error("token needs one of --key, --secret-file, --new-key and --verify");
    }
    if (!verify_.empty()) return VerifyTokenCommand{verify_, config_file_, overrides_};
    return new_key_.empty() ? mint_command() : new_key_command();
  }

  Command new_key_command() {
    const auto kind = std::ranges::find(kKeyKinds, new_key_, &KeyKind::name);
    if (kind == std::end(kKeyKinds)) {
      return usage_error("--new-key: expected ed25519, es256, rs256 or hs256, got " +
                         in_quotes(new_key_));
    }
    if (out_.empty()) return usage_error("--new-key needs --out FILE");
    return NewKeyCommand{kind->algorithm, out_, minted_.kid};
  }

  Command mint_command() {
    MintTokenCommand command;
    if (!key_file_.empty()) command.key_file = key_file_;
    if (!secret_file_.empty()) command.secret_file = secret_file_;
    if (!algorithm_.empty()) {
      command.algorithm = auth::algorithm_named(algorithm_);
      if (!command.algorithm) {
        return usage_error("--alg: expected HS256, HS384, HS512, RS256, ES256 or EdDSA, got " +
                           in_quotes(algorithm_));
      }
    }
    const auto ttl_ms = parse_quantity(ttl_, Unit::kMilliseconds);
    // A bare number would be milliseconds, as in the configuration: nobody means that here.
    const bool has_unit = !ttl_.empty() && (ttl_.back() < '0' || ttl_.back() > '9');
    if (!ttl_ms || *ttl_ms > kTtlMaxMs || (*ttl_ms != 0 && !has_unit)) {
      return usage_error("--ttl: expected a time such as 30s, 15m or 1h, got " + in_quotes(ttl_));
    }
    if (*ttl_ms != 0) minted_.lifetime_s = (*ttl_ms + 999) / 1'000;
    for (const std::string& claim : claims_) {
      const auto equals = claim.find('=');
      if (equals == 0 || equals == std::string::npos) {
        return usage_error("--claim: expected NAME=VALUE, got " + in_quotes(claim));
      }
      minted_.claims.emplace_back(claim.substr(0, equals), claim.substr(equals + 1));
    }
    if (minted_.uid.empty() && minted_.claims.empty()) {
      return usage_error("token needs --uid, or --claim with what auth.uid_claim names");
    }
    command.minted = minted_;
    return command;
  }

  static constexpr std::uint64_t kTtlMaxMs = 100ULL * 365 * 24 * 3'600 * 1'000;  // A century.

  CLI::App app_;
  CLI::App* serve_ = nullptr;  // These four belong to app_.
  CLI::App* check_config_ = nullptr;
  CLI::App* print_config_ = nullptr;
  CLI::App* token_ = nullptr;
  std::optional<std::string> config_file_;
  std::optional<std::string> ready_file_;
  std::vector<Override> overrides_;
  bool reference_ = false;
  bool defaults_ = false;
  std::string key_file_, secret_file_, algorithm_, new_key_, out_, verify_;
  std::string ttl_ = "1h";
  std::vector<std::string> claims_;
  auth::Minted minted_;
};

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  return {Grammar().parse(arguments)};
}

CommandLine parse_command_line(int argc, const char* const* argv) {
  return parse_command_line(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

}  // namespace config
