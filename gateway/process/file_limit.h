// The limit on open files against what the configuration wants to hold.
#pragma once

#include <cstdint>

#include "gateway/config/config.h"

namespace process {

struct FileLimit {
  std::uint64_t wanted = 0;    // For the configured connections and everything else.
  std::uint64_t in_force = 0;  // After raising it as far as is allowed.
  [[nodiscard]] bool enough() const { return in_force >= wanted; }
};

FileLimit raise_file_limit(const config::Config& config, std::uint32_t shards);

}  // namespace process
