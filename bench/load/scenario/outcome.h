// What one worker measured; merged when the workers have ended.
//
// Owner: a Task.   Thread: its worker's until joined, then the coordinator's.   Bound: fixed.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/load/histogram.h"

namespace load {

// Nanoseconds all.
struct Outcome {
  Histogram handshake;     // Connect to 101.
  Histogram reconnection;  // Connection dropped (reconnect) or due to be (soak), to 101.
  Histogram past_hint;     // End of the first retry hint, to a later refusal.
  Histogram delivery;      // Due (open loop) or sent (closed loop), to arrival: broadcasts.
  Histogram completion;    // The same, to the arrival at the last client.
  Histogram push;          // Due or sent, to arrival: targeted pushes.
  Histogram answer;        // Due or sent, to the HTTP answer: targeted pushes.
  Histogram broadcast_answer;
  Histogram echo;      // Due or sent, to the message's return.
  Histogram lateness;  // Due to actually sent, though a connection was free: the harness itself.

  // soak: of each slice of the recorded time, by due time; else empty.
  std::vector<Histogram> delivery_slices;
  std::vector<Histogram> push_slices;

  void merge(const Outcome& other) {
    handshake.merge(other.handshake);
    reconnection.merge(other.reconnection);
    past_hint.merge(other.past_hint);
    delivery.merge(other.delivery);
    completion.merge(other.completion);
    push.merge(other.push);
    answer.merge(other.answer);
    broadcast_answer.merge(other.broadcast_answer);
    echo.merge(other.echo);
    lateness.merge(other.lateness);
    merge_slices(delivery_slices, other.delivery_slices);
    merge_slices(push_slices, other.push_slices);
  }

 private:
  static void merge_slices(std::vector<Histogram>& ours, const std::vector<Histogram>& theirs) {
    if (ours.size() < theirs.size()) ours.resize(theirs.size());
    for (std::size_t i = 0; i < theirs.size(); ++i) ours[i].merge(theirs[i]);
  }
};

}  // namespace load
