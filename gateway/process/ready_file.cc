#include "gateway/process/ready_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace process {

std::optional<std::string> write_ready_file(const std::string& path,
                                            const config::HostPort& public_address,
                                            const config::HostPort& api_address) {
  const std::string temporary = fmt::format("{}.{}", path, getpid());
  std::ofstream file(temporary);
  file << fmt::format(R"({{"pid":{},"public":"{}","api":"{}"}})", getpid(),
                      config::to_string(public_address), config::to_string(api_address))
       << '\n';
  file.close();
  if (file.fail() || std::rename(temporary.c_str(), path.c_str()) != 0) {
    return fmt::format("cannot write the ready file {}: {}", path,
                       std::generic_category().message(errno));
  }
  return std::nullopt;
}

}  // namespace process
