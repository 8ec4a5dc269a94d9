// One worker's half of a scenario: objects that live on its thread and are driven by its loop.
//
// Owner: Worker.   Thread: its worker's.   Bound: the task's own.
#pragma once

#include <cstdint>

#include "bench/load/scenario/outcome.h"

namespace load {

class Task {
 public:
  virtual ~Task() = default;
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Called after every turn of the loop: does what is due, and returns when it wants to be called
  // again at the latest.
  virtual std::int64_t turn(std::int64_t now) = 0;

  // Once, when the worker has stopped.
  [[nodiscard]] virtual const Outcome& outcome() const = 0;
};

}  // namespace load
