#include "bench/load/server_probe.h"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "bench/load/clock.h"

namespace load {
namespace {

// The value of a "Key:   123 kB" line, in bytes; 0 when absent.
std::uint64_t kilobytes_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t value = 0;
    if (word == key && file >> value) return value * 1024;
  }
  return 0;
}

// Pages of TCP buffers: the "mem" of /proc/net/sockstat's TCP line.
std::uint64_t socket_buffer_bytes() {
  std::ifstream file("/proc/net/sockstat");
  for (std::string line; std::getline(file, line);) {
    const auto at = line.find(" mem ");
    if (!line.starts_with("TCP:") || at == std::string::npos) continue;
    return std::stoull(line.substr(at + 5)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  return 0;
}

}  // namespace

ServerProbe::ServerProbe(const std::vector<int>& pids) : pids_(pids) {
  // Grows while it is walked: children are looked for too.
  for (std::size_t i = 0; i < pids_.size(); ++i) {
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pids_[i]));
    for (int child = 0; pids_.size() < kProcessesMax && children >> child;) {
      if (std::ranges::find(pids_, child) == pids_.end()) pids_.push_back(child);
    }
  }
}

bool ServerProbe::is_alive() const {
  return std::ranges::all_of(pids_, [](int pid) { return kill(pid, 0) == 0; });
}

std::int64_t ServerProbe::cpu_ns() const {
  std::int64_t total = 0;
  for (const int pid : pids_) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) continue;
    total += std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
  }
  return total;
}

ServerMemory ServerProbe::memory() const {
  ServerMemory memory{.resident = 0,
                      .proportional = 0,
                      .anonymous = 0,
                      .kernel = kilobytes_of("/proc/meminfo", "Slab:") + socket_buffer_bytes()};
  for (const int pid : pids_) {
    const std::string path = fmt::format("/proc/{}/smaps_rollup", pid);
    memory.resident += kilobytes_of(path, "Rss:");
    memory.proportional += kilobytes_of(path, "Pss:");
    memory.anonymous += kilobytes_of(path, "Anonymous:");
  }
  return memory;
}

std::uint64_t ServerProbe::open_files() const {
  std::uint64_t count = 0;
  for (const int pid : pids_) {
    std::error_code error;  // The process may have ended: then it has none.
    const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", pid), error);
    count += static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
  }
  return count;
}

}  // namespace load
