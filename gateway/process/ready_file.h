// The file that says that the gateway accepts connections, and where.
#pragma once

#include <optional>
#include <string>

#include "gateway/config/host_port.h"

namespace process {

// {"pid":…,"public":"127.0.0.1:40001","api":"127.0.0.1:40002"}, whole or not at all: whoever waits
// for the file never reads half of it. Returns what went wrong, if anything.
std::optional<std::string> write_ready_file(const std::string& path,
                                            const config::HostPort& public_address,
                                            const config::HostPort& api_address);

}  // namespace process
