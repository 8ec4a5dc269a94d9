// What the gateway says when it starts: to the log, what is in force and what is dangerous; to
// standard output, where it is and how to try it.
//
// Owner: free functions.   Thread: main's.
#pragma once

#include <cstdint>

#include "gateway/config/config.h"
#include "gateway/config/host_port.h"

namespace process {

// Every limit of the whole gateway, once, so that an operator need not guess what is in force.
void log_limits(const config::Config& config, std::uint64_t memory_max);

// What lets in whoever reaches a port, or gives him more than he needs.
void log_dangers(const config::Config& config);

void print_addresses(const config::Config& config, const config::HostPort& public_address,
                     const config::HostPort& api_address);

}  // namespace process
