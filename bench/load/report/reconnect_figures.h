// What `reconnect` is about: how long it takes until the last client is served again, how its cost
// compares to that of a plain handshake, and what the server is left with.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include "bench/load/options.h"
#include "bench/load/report/result.h"
#include "bench/load/scenario/record.h"

namespace load {

// To a result that has its load metrics and checks already.
void add_reconnect_figures(Result& result, const Setup& setup, const Record& record,
                           bool server_known);

}  // namespace load
