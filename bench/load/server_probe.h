// Reads what a server process costs from outside: CPU time to the nanosecond, memory by kind. Works
// on any process of this machine, with all of its descendants (nginx workers, Node clusters).
//
// Owner: Run.   Thread: one.   Bound: kProcessesMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

struct ServerMemory {
  std::uint64_t resident = 0;      // Rss.
  std::uint64_t proportional = 0;  // Pss: pages that processes share are counted once.
  std::uint64_t anonymous = 0;     // Heap and stacks: Rss without file pages.
  std::uint64_t kernel = 0;  // Whole machine: slab and socket buffers, of both ends on loopback.
};

class ServerProbe {
 public:
  ServerProbe() = default;  // Knows no process; everything reads 0.
  explicit ServerProbe(const std::vector<int>& pids);

  [[nodiscard]] bool is_known() const { return !pids_.empty(); }
  [[nodiscard]] bool is_alive() const;

  // User and system time of all threads, living and ended. Not /proc/PID/stat: its ticks of 10 ms
  // are too coarse for a part of a run.
  [[nodiscard]] std::int64_t cpu_ns() const;

  [[nodiscard]] ServerMemory memory() const;
  [[nodiscard]] std::uint64_t open_files() const;

 private:
  static constexpr std::size_t kProcessesMax = 1'024;

  std::vector<int> pids_;
};

}  // namespace load
