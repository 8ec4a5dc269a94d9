// Runs one scenario: starts the workers, takes them through the phases, and looks at the clocks at
// the borders of the recorded time.
//
// Owner: main.   Thread: the main thread, the coordinator.   Bound: `workers` threads.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/options.h"
#include "bench/load/report/progress.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/record.h"
#include "bench/load/scenario/worker.h"

namespace load {

class Run {
 public:
  Run(const Setup& setup, const ServerProbe& probe, Progress& progress);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Once. The error says what kept the scenario from running at all.
  std::expected<Record, std::string> execute();

 private:
  [[nodiscard]] std::expected<void, std::string> check_shares() const;
  void start_workers();
  [[nodiscard]] std::unique_ptr<Task> make_task(EventLoop& loop, Counters& counters,
                                                std::size_t worker);
  std::expected<void, std::string> wait_until_open();
  [[nodiscard]] std::int64_t opening_time() const;
  [[nodiscard]] std::string open_failure() const;
  void note_tls();
  void measure();
  [[nodiscard]] std::string part(unsigned slice) const;
  void measure_rounds();
  bool measure_round(unsigned round);  // False: not everybody came back.
  void call_roll(unsigned round);
  void drain();
  void stop();
  void set_phase(Phase phase);
  void wake_workers() const;
  void sleep_until(std::int64_t until_ns, std::string_view doing);

  [[nodiscard]] Snapshot snapshot();
  [[nodiscard]] Holding holding() const;
  [[nodiscard]] Totals totals() const;

  const Setup& setup_;
  const ServerProbe& probe_;
  Progress& progress_;
  Control control_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Record record_;
};

}  // namespace load
