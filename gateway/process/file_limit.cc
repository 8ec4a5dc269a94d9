#include "gateway/process/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace process {
namespace {

// Per shard: listeners, epoll sets, rings, timers, the canary's pair, a spare.
constexpr std::uint64_t kFilesPerShard = 32;
constexpr std::uint64_t kFilesOfProcess = 64;

}  // namespace

FileLimit raise_file_limit(const config::Config& config, std::uint32_t shards) {
  FileLimit limit;
  limit.wanted = std::uint64_t{config.public_.connections_max} +
                 std::uint64_t{config.api.connections_max} * shards + kFilesPerShard * shards +
                 kFilesOfProcess;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < limit.wanted) {
    rlimit raised = files;
    raised.rlim_max = std::max<rlim_t>(files.rlim_max, limit.wanted);
    raised.rlim_cur = limit.wanted;
    if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {  // Only root may raise the hard limit.
      raised = files;
      raised.rlim_cur = std::min<rlim_t>(files.rlim_max, limit.wanted);
      setrlimit(RLIMIT_NOFILE, &raised);
    }
    getrlimit(RLIMIT_NOFILE, &files);
  }
  limit.in_force = files.rlim_cur;
  return limit;
}

}  // namespace process
