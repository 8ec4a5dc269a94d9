// What the coordinator saw of a run, before it is made into a Result.
//
// Owner: Run.   Thread: the coordinator's.   Bound: one snapshot per slice.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/scenario/outcome.h"
#include "bench/load/server_probe.h"

namespace load {

// The workers' counters, summed.
struct Totals {
  std::uint64_t opened = 0;
  std::uint64_t open_failed = 0;
  std::uint64_t ended = 0;
  std::uint64_t published = 0;
  std::uint64_t refused = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t unsent = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t expected = 0;
  std::uint64_t received = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t foreign = 0;

  [[nodiscard]] std::uint64_t lost() const { return expected > received ? expected - received : 0; }
};

// Clocks and counters at one instant.
struct Snapshot {
  std::int64_t at_ns = 0;
  std::int64_t server_cpu_ns = 0;
  std::int64_t harness_cpu_ns = 0;   // Of the whole process.
  std::int64_t machine_busy_ns = 0;  // Of all processors, for everybody; ticks of 10 ms.
  std::vector<std::int64_t> worker_cpu_ns;
  Totals totals;
};

struct Record {
  Snapshot before_opening;
  Snapshot after_opening;
  std::vector<Snapshot> borders;  // Of the slices: one more than there are slices.
  Totals totals;                  // When everything had arrived, or was given up.
  ServerMemory memory_before;     // No client yet.
  ServerMemory memory_open;       // All clients open and logged in, nothing sent.
  ServerMemory memory_end;        // When the load had ended, clients still open.
  Outcome outcome;
};

}  // namespace load
