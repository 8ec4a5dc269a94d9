// What the coordinator saw of a run, before it is made into a Result.
//
// Owner: Run.   Thread: the coordinator's.   Bound: one snapshot per slice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/totals.h"
#include "bench/load/server_probe.h"

namespace load {

// Clocks and counters at one instant.
struct Snapshot {
  std::int64_t at_ns = 0;
  std::int64_t server_cpu_ns = 0;
  // The same; of reconnect with what came behind the interval and belongs to it: the last logins.
  std::int64_t server_work_ns = 0;
  std::int64_t harness_cpu_ns = 0;   // Of the whole process.
  std::int64_t machine_busy_ns = 0;  // Of all processors, for everybody; ticks of 10 ms.
  std::vector<std::int64_t> worker_cpu_ns;
  Totals totals;
};

// What the server held on to at one instant.
struct Holding {
  std::int64_t at_ns = 0;
  ServerMemory memory;
  std::uint64_t open_files = 0;
};

struct Record {
  Snapshot before_opening;
  Snapshot after_opening;
  // Of the slices: one more than there are slices. Of reconnect each slice is a round, and the time
  // between two rounds is cut out: the borders are sums, not instants.
  std::vector<Snapshot> borders;
  std::vector<Holding> holdings;  // soak: at each border. reconnect: before and after each round.
  std::uint64_t not_back = 0;     // reconnect: clients that were given up.
  Totals totals;                  // When everything had arrived, or was given up.
  ServerMemory memory_before;     // No client yet.
  ServerMemory memory_open;       // All clients open and logged in, nothing sent.
  ServerMemory memory_end;        // When the load had ended, clients still open.
  Outcome outcome;
  std::string tls;  // What was agreed on, as "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: no TLS.
};

}  // namespace load
