#include "gateway/process/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace process {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// "max", or nothing to read, is no limit.
std::uint64_t read_limit(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t limit = 0;
  return file >> limit ? limit : kNoLimit;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::uint64_t cgroup_limit(std::string_view proc_self_cgroup, std::string_view mount) {
  constexpr std::string_view kUnified = "0::";  // The line of cgroup v2.
  const std::size_t line = proc_self_cgroup.starts_with(kUnified)
                               ? 0
                               : proc_self_cgroup.find("\n0::") + 1;  // npos + 1 is 0.
  std::string_view group = proc_self_cgroup.substr(line);
  if (!group.starts_with(kUnified)) return kNoLimit;
  group.remove_prefix(kUnified.size());
  group = group.substr(0, group.find('\n'));
  std::uint64_t least = kNoLimit;
  for (;;) {
    while (group.ends_with('/')) group.remove_suffix(1);
    least = std::min(least, read_limit(std::string(mount).append(group).append("/memory.max")));
    if (group.empty()) return least;
    group = group.substr(0, group.rfind('/') + 1);
  }
}

std::uint64_t memory_ceiling(const config::Config& config) {
  if (config.limits.memory_max != 0) return config.limits.memory_max;
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, cgroup_limit(read_all("/proc/self/cgroup"), "/sys/fs/cgroup")) / 2;
}

}  // namespace process
