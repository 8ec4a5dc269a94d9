// What `soak` is about: whether memory, open files or latencies grow while the load stays the same.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include "bench/load/options.h"
#include "bench/load/report/result.h"
#include "bench/load/scenario/record.h"

namespace load {

void add_soak_figures(Result& result, const Setup& setup, const Record& record, bool server_known);

}  // namespace load
