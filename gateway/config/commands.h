// The commands that only look at configurations: check-config and print-config.
//
// Owner: free functions; main() gives them streams and surroundings.   Thread: main, before others.
// Both return an exit status: 0, or kExitBadUsage with one line for each error on `err`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "gateway/config/command_line.h"
#include "gateway/config/loader.h"

namespace config {

struct Surroundings {
  Environment environment;                  // read_environment().
  std::vector<std::string> reserved_paths;  // As in Sources.
  CheckFiles check_files;                   // As in Sources.
};

// What `serve` loads; check-config and print-config load the same from the same options.
[[nodiscard]] Sources sources_for(const ServeCommand& command, const Surroundings& surroundings);

// Prints "FILE: ok" and a summary of listeners, profiles and warnings.
[[nodiscard]] int run_check_config(const CheckConfigCommand& command,
                                   const Surroundings& surroundings, std::ostream& out,
                                   std::ostream& err);

[[nodiscard]] int run_print_config(const PrintConfigCommand& command,
                                   const Surroundings& surroundings, std::ostream& out,
                                   std::ostream& err);

}  // namespace config
