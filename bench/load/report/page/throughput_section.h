// The section with the plain figures: rates, percentiles of the latency that a row is about, and
// what went wrong, for each row and target.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/runs.h"

namespace load {

[[nodiscard]] std::string throughput_section(const Runs& runs);

}  // namespace load
