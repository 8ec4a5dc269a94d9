// What one worker measured; merged when the workers have ended.
//
// Owner: a Task.   Thread: its worker's until joined, then the coordinator's.   Bound: fixed.
#pragma once

#include "bench/load/histogram.h"

namespace load {

// Nanoseconds all.
struct Outcome {
  Histogram handshake;   // Connect to 101.
  Histogram delivery;    // Due (open loop) or sent (closed loop), to arrival: broadcasts.
  Histogram completion;  // The same, to the arrival at the last client.
  Histogram push;        // Due or sent, to arrival: targeted pushes.
  Histogram answer;      // Due or sent, to the HTTP answer: targeted pushes.
  Histogram broadcast_answer;
  Histogram echo;      // Due or sent, to the message's return.
  Histogram lateness;  // Due to actually sent, though a connection was free: the harness itself.

  void merge(const Outcome& other) {
    handshake.merge(other.handshake);
    delivery.merge(other.delivery);
    completion.merge(other.completion);
    push.merge(other.push);
    answer.merge(other.answer);
    broadcast_answer.merge(other.broadcast_answer);
    echo.merge(other.echo);
    lateness.merge(other.lateness);
  }
};

}  // namespace load
