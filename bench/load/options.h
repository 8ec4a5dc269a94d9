// What the user asked for, as plain values; command_line.h fills it in. Setup is the same with
// names resolved.
//
// Owner: main.   Thread: any (immutable while a scenario runs).   Bound: the limits stand in
// command_line.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/net/address.h"
#include "bench/load/payload.h"
#include "bench/load/target/profile.h"
#include "bench/load/tls/context.h"

namespace load {

enum class Scenario : std::uint8_t {
  kConnect,
  kHold,
  kFanout,
  kPush,
  kEcho,
  kMixed,
  kReconnect,
  kSoak
};

// How the harness ends a connection: as a broken network does (RST), or as a process does (FIN).
enum class Drop : std::uint8_t { kReset, kClose };

struct Options {
  Scenario scenario = Scenario::kHold;
  std::string scenario_name;

  // The server.
  std::string profile = "dunlin";
  std::string public_address;
  std::string api_address;
  std::string ready_file;  // Gives both addresses and the process.
  std::vector<int> pids;   // Whose CPU and memory count; with all their descendants.
  std::string api_header;  // A field line for every push, such as an API key.
  std::string sources;     // Local addresses; empty: chosen for a loopback target.
  std::string ca_file;     // Of TLS; empty: certificates are not checked.
  bool tls_resume = false;

  // The load.
  std::size_t connections = 1'000;
  std::size_t workers = 1;
  std::size_t opening_max = 64;  // Handshakes under way at once, per worker.
  PayloadKind payload = PayloadKind::kLetters;
  std::size_t payload_size = 64;
  std::size_t publishers = 0;   // HTTP connections for targeted pushes, per worker; 0: by scenario.
  std::size_t outstanding = 1;  // Broadcasts, requests per publisher, or echoes per client.
  std::size_t batch = 0;        // Pushes in one body; 0: one request each.
  double rate = 0;              // Per second, open loop; 0: closed loop.
  double broadcast_rate = 0;    // Of mixed; 0: the next when the last one has arrived.
  double non_readers_percent = 0;  // Clients that never read.
  std::size_t probes = 0;          // mixed: the clients that get the targeted pushes; 0: all.
  std::string channel;             // Fan-out to this channel instead of to everybody.
  bool storm = false;   // connect, reconnect: all at once, without regard to opening_max.
  bool stream = false;  // Pushes as lines of one endless request for each publisher.
  bool spin = false;    // Workers poll instead of sleeping.

  // reconnect.
  Drop drop = Drop::kReset;
  unsigned rounds = 3;
  double return_timeout_s = 60;  // Until clients that are not connected again are given up.
  std::string baseline_file;     // A result of `connect`, whose cost is the yardstick.
  double baseline_max = 1.15;    // So many times that cost a reconnect may need.
  double baseline_cpu_us = 0;    // From the file; 0: none.

  // soak.
  double churn_rate = 10;           // Connections per second that are dropped and come back …
  std::size_t churn_clients = 100;  // … of these, who come on top of `connections`.
  double memory_growth_max = 2;     // Percent over the second half …
  double memory_allowance = 1;      // … and MiB, before the run has failed.

  // Time, in seconds.
  double settle_s = 0.5;  // From the last login to the first push.
  double warmup_s = 1;
  double duration_s = 5;
  double timeout_s = 5;  // For a broadcast to complete, for the rest to arrive, to open.
  unsigned slices = 5;   // Parts of the duration that are looked at apart, to show the noise.

  // Output.
  std::string label;
  std::string json_file;
};

struct Setup {
  Options options;
  Profile profile;
  Address public_address;
  Address api_address;
  std::vector<Address> sources;
  std::shared_ptr<const TlsContext> public_tls = nullptr;  // Null: no TLS.
  std::shared_ptr<const TlsContext> api_tls = nullptr;
};

}  // namespace load
