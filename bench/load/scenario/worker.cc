#include "bench/load/scenario/worker.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <utility>

#include "bench/load/clock.h"

namespace load {

void Worker::start(MakeTask make) {
  thread_ = std::thread([this, make = std::move(make)] { run(make); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

std::int64_t Worker::cpu_ns() {
  clockid_t clock{};
  timespec time{};
  if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return 0;
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

void Worker::run(const MakeTask& make) {
  prctl(PR_SET_TIMERSLACK, 1);  // Due times are met to the microsecond, not to the default 50.
  const std::unique_ptr<Task> task = make(loop_, counters_, index_);
  for (;;) {
    const Phase phase = control_.phase.load(std::memory_order_acquire);
    if (phase == Phase::kStopping) break;
    const std::int64_t next = task->turn(now_ns());
    loop_.turn(next, spin_ && phase == Phase::kRunning);
  }
  outcome_.merge(task->outcome());
}

}  // namespace load
