// What became of the reloads (SIGHUP), for the exporter.
//
// Owner: ShardSet.   Thread: written by main's, read by any.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/cross/counters.h"

namespace cross {

enum class ReloadResult : std::uint8_t {
  kApplied,
  // Refused, and everything stayed as it was, for faults in ...
  kConfiguration,
  kCertificates,  // The files of certificates, their keys, or the API's authority.
  kTokenKeys,     // The files of auth.keys.
  kCount,
};

std::string_view name_of(ReloadResult result);

struct Reloads {
  CounterOf<ReloadResult> results;
  Counter last_applied;         // 1 or 0. The start counts as applied: nothing starts with faults.
  Counter last_applied_time_s;  // Unix time.
};

}  // namespace cross
