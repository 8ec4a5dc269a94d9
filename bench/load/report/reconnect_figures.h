// What `reconnect` is about: how long it takes until the last client has its handshake answered
// again (a login that is a message is only on its way by then; the roll call behind each round
// shows that it was taken in), how its cost compares to that of a plain handshake, and what the
// server is left with.
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
