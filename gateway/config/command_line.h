// The command line as values: what was asked for, checked as far as the words themselves go.
// Reads no file and no environment; prints nothing; does nothing (see commands.h).
//
// Owner: free functions over values.   Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/auth/algorithm.h"
#include "gateway/auth/mint.h"
#include "gateway/config/loader.h"

namespace config {

struct ServeCommand {
  std::optional<std::string> config_file;
  std::vector<Override> overrides;        // From --listen, --api, --shards, --log-*, --set.
  std::optional<std::string> ready_file;  // Written when the gateway accepts.
};

struct CheckConfigCommand {
  std::optional<std::string> config_file;
  std::vector<Override> overrides;
};

enum class PrintedConfig : std::uint8_t {
  kInForce,    // What `serve` with the same options would run with.
  kReference,  // Every key with its help and default.
  kDefaults,   // The shipped configuration file.
};

struct PrintConfigCommand {
  PrintedConfig what = PrintedConfig::kInForce;
  std::optional<std::string> config_file;
  std::vector<Override> overrides;
};

// `dunlin token`: makes a token.
struct MintTokenCommand {
  std::optional<std::string> key_file;  // One of these two.
  std::optional<std::string> secret_file;
  std::optional<auth::Algorithm> algorithm;
  auth::Minted minted;  // But for the time of day.
};

// `dunlin token --new-key`: makes a key for the above.
struct NewKeyCommand {
  auth::Algorithm algorithm = auth::Algorithm::kEdDsa;
  std::string out;
  std::string kid;
};

// `dunlin token --verify`: says what the gateway would say of a token.
struct VerifyTokenCommand {
  std::string token;  // "-": from standard input.
  std::optional<std::string> config_file;
  std::vector<Override> overrides;
};

// --help, --version, and no command at all: goes to standard output; exit status 0.
struct PrintTextCommand {
  std::string text;  // Ends in a newline.
};

// One line without a newline, for standard error; exit status kExitBadUsage.
struct UsageError {
  std::string message;
};

using Command = std::variant<PrintTextCommand, ServeCommand, CheckConfigCommand, PrintConfigCommand,
                             MintTokenCommand, NewKeyCommand, VerifyTokenCommand, UsageError>;

struct CommandLine {
  Command command;
};

// Exit status for bad options and for a configuration with errors.
inline constexpr int kExitBadUsage = 2;

// `arguments` are those after the program's name.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& arguments);
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace config
