// dunlin-bench's command line: subcommands for the scenarios, and for working with their results.
//
// Owner: main.   Thread: one.   Bound: none.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/options.h"

namespace load {

enum class Command : std::uint8_t { kRun, kCompare, kTable, kReport };

struct Arguments {
  Command command = Command::kRun;
  Options options;                     // Of kRun.
  std::vector<std::string> files;      // Of kCompare (two), kTable and kReport (any number).
  std::string subject = "dunlin";      // Of kTable and kReport: the target divided by the others.
  std::string goals;                   // Of kTable and kReport: a file, or empty.
  std::string reference = "limit";     // Of kReport: the target the bars are measured by.
  std::string report = "report.html";  // Of kReport: the file to write.
};

// Parses; on --help or a mistake prints and gives the exit code as the error.
std::expected<Arguments, int> parse_command_line(int argc, char** argv);

// Resolves names and reads the ready file. The error says what is wrong.
std::expected<Setup, std::string> prepare(Options options);

// Why the server of this profile cannot be asked for this scenario, if so.
std::optional<std::string> unsupported(const Setup& setup);

}  // namespace load
