// dunlin-bench's command line: subcommands for the scenarios, and for working with their results.
//
// Owner: main.   Thread: one.   Bound: none.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "bench/load/options.h"

namespace load {

enum class Command : std::uint8_t { kRun, kCompare, kTable };

struct Arguments {
  Command command = Command::kRun;
  Options options;                 // Of kRun.
  std::vector<std::string> files;  // Of kCompare (two) and kTable (any number).
  std::string subject = "dunlin";  // Of kTable: the target that is divided by the others.
  std::string goals;               // Of kTable: a file, or empty.
};

// Parses; on --help or a mistake prints and gives the exit code as the error.
std::expected<Arguments, int> parse_command_line(int argc, char** argv);

// Resolves names, reads the ready file, and checks that the profile can do what is asked. The
// error says what is wrong.
std::expected<Setup, std::string> prepare(Options options);

}  // namespace load
