// How much memory there is for what clients and callers make the gateway hold.
//
// Owner: free functions.   Thread: main's.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/config/config.h"

namespace process {

// limits.memory_max, or half of what the machine or the process's control group has: the other half
// is for connections themselves, the kernel's socket buffers, and what the allocator keeps.
[[nodiscard]] std::uint64_t memory_ceiling(const config::Config& config);

// The least memory.max (cgroup v2) from the group that /proc/self/cgroup names up to the root,
// below `mount`; the largest number if there is none.
[[nodiscard]] std::uint64_t cgroup_limit(std::string_view proc_self_cgroup, std::string_view mount);

}  // namespace process
