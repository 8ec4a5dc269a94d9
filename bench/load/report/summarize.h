// Makes a Result of what a run recorded: figures per unit of work with their noise, latencies,
// checks, and warnings about everything that makes the figures less than they seem.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include "bench/load/options.h"
#include "bench/load/report/result.h"
#include "bench/load/scenario/record.h"

namespace load {

[[nodiscard]] Result summarize(const Setup& setup, const Record& record, bool server_known);

}  // namespace load
