// The process: limits, sockets, shards and their threads, signals, and the order in which all of it
// ends.
//
// Thread: main's.
#pragma once

#include <vector>

#include "gateway/config/command_line.h"
#include "gateway/config/commands.h"

namespace process {

// Runs until told to stop by a signal or by POST /v1/drain. Exit status: 0 after a drain; 1 when it
// could not start (one line on standard error says why); 2 for a configuration with errors.
int serve(const config::ServeCommand& command, const config::Surroundings& surroundings);

// For config::Surroundings: reads the certificates and keys that a configuration names.
[[nodiscard]] std::vector<config::Finding> check_files(const config::Config& config);

}  // namespace process
