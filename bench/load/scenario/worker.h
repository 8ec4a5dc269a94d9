// One thread of the harness: an event loop and the task that lives on it.
//
// Owner: Run.   Thread: constructed and joined by the coordinator; the task is made, driven and
// destroyed on the worker's own thread.   Bound: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "bench/load/net/event_loop.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/task.h"

namespace load {

class Worker {
 public:
  using MakeTask = std::function<std::unique_ptr<Task>(EventLoop&, Counters&, std::size_t worker)>;

  Worker(std::size_t index, Control& control, bool spin)
      : index_(index), control_(control), spin_(spin) {}
  ~Worker() { join(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(MakeTask make);
  void wake() const { loop_.wake(); }
  void join();

  [[nodiscard]] const EventLoop& loop() const { return loop_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::int64_t cpu_ns();                               // While it runs.
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }  // After join().

 private:
  void run(const MakeTask& make);

  Counters counters_;  // First, because it begins a cache line.
  const std::size_t index_;
  Control& control_;
  const bool spin_;
  EventLoop loop_;
  Outcome outcome_;
  std::thread thread_;
};

}  // namespace load
