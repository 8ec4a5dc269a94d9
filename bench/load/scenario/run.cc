#include "bench/load/scenario/run.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "bench/load/clock.h"
#include "bench/load/scenario/connect_task.h"
#include "bench/load/scenario/echo_task.h"
#include "bench/load/scenario/publish_task.h"

namespace load {
namespace {

constexpr std::int64_t kProgressInterval = 200 * kMillisecond;

std::int64_t nanoseconds(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

void sleep_for(std::int64_t duration_ns) {
  if (duration_ns <= 0) return;
  const timespec time{.tv_sec = duration_ns / kSecond, .tv_nsec = duration_ns % kSecond};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

std::int64_t harness_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

// The first line of /proc/stat: cpu user nice system idle iowait irq softirq steal …, in ticks.
std::int64_t machine_busy_ns() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  std::int64_t busy = 0;
  for (int column = 0; column < 8; ++column) {
    std::int64_t ticks = 0;
    file >> ticks;
    if (column != 3 && column != 4) busy += ticks;
  }
  return busy * (kSecond / sysconf(_SC_CLK_TCK));
}

// The clients of worker `index` when `count` are dealt out as evenly as possible.
ClientSet::Range range_of(std::size_t index, std::size_t workers, std::size_t count) {
  const std::size_t first = count * index / workers;
  return {.first = first, .count = count * (index + 1) / workers - first};
}

}  // namespace

Run::Run(const Setup& setup, const ServerProbe& probe, Progress& progress)
    : setup_(setup), probe_(probe), progress_(progress) {}

Run::~Run() { stop(); }

std::expected<Record, std::string> Run::execute() {
  record_.memory_before = probe_.memory();
  start_workers();
  if (const auto opened = wait_until_open(); !opened) return std::unexpected(opened.error());
  measure();
  drain();
  record_.memory_end = probe_.memory();
  stop();
  for (const auto& worker : workers_) record_.outcome.merge(worker->outcome());
  if (!probe_.is_alive()) return std::unexpected("the server has died");
  return std::move(record_);
}

void Run::start_workers() {
  for (std::size_t i = 0; i < setup_.options.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, control_, setup_.options.spin));
  }
  control_.publisher_loop = &workers_.front()->loop();
  for (const auto& worker : workers_) {
    worker->start([this](EventLoop& loop, Counters& counters, std::size_t index) {
      return make_task(loop, counters, index);
    });
  }
  record_.before_opening = snapshot();
}

std::unique_ptr<Task> Run::make_task(EventLoop& loop, Counters& counters, std::size_t worker) {
  const Options& options = setup_.options;
  const ClientSet::Range range = range_of(worker, options.workers, options.connections);
  if (options.scenario == Scenario::kEcho) {
    return std::make_unique<EchoTask>(
        loop, setup_, EchoTask::Place{.worker = worker, .clients = range}, control_, counters);
  }
  if (options.scenario == Scenario::kConnect && !options.storm) {
    return std::make_unique<ConnectTask>(loop, setup_,
                                         ConnectTask::Place{.worker = worker, .slots = range.count},
                                         control_, counters);
  }
  return std::make_unique<PublishTask>(
      loop, setup_, PublishTask::Place{.worker = worker, .clients = range}, control_, counters);
}

std::expected<void, std::string> Run::wait_until_open() {
  // A thousand handshakes a second is slower than any server worth measuring.
  const std::int64_t deadline =
      now_ns() +
      nanoseconds(setup_.options.timeout_s + static_cast<double>(setup_.options.connections) / 1e3);
  while (control_.workers_open.load(std::memory_order_acquire) < workers_.size()) {
    if (!probe_.is_alive()) return std::unexpected("the server has died");
    if (now_ns() > deadline) return std::unexpected("the clients did not all connect in time");
    sleep_for(2 * kMillisecond);
    progress_.show(
        fmt::format("connecting: {} of {}", totals().opened, setup_.options.connections));
  }
  record_.after_opening = snapshot();
  const std::uint64_t failed = totals().open_failed;
  if (failed == 0) return {};
  return std::unexpected(
      fmt::format("{} of {} clients could not connect", failed, setup_.options.connections));
}

void Run::measure() {
  sleep_until(now_ns() + nanoseconds(setup_.options.settle_s), "settling");
  record_.memory_open = probe_.memory();

  const std::int64_t begin = now_ns() + nanoseconds(setup_.options.warmup_s);
  const std::int64_t duration = nanoseconds(setup_.options.duration_s);
  control_.start_ns = now_ns();
  control_.window_begin_ns = begin;
  control_.window_end_ns = begin + duration;
  set_phase(Phase::kRunning);

  sleep_until(begin, "warming up");
  record_.borders.push_back(snapshot());
  for (unsigned slice = 1; slice <= setup_.options.slices; ++slice) {
    sleep_until(begin + duration * slice / setup_.options.slices, "measuring");
    record_.borders.push_back(snapshot());
  }
  // Workers stop when the phase changes; a little later, so that what is due in the last
  // microseconds is still sent and not taken for a backlog.
  sleep_for(5 * kMillisecond);
}

// What was published in time may arrive late, but must arrive.
void Run::drain() {
  set_phase(Phase::kDraining);
  const std::int64_t deadline = now_ns() + nanoseconds(setup_.options.timeout_s);
  std::uint64_t last = ~std::uint64_t{0};
  // Nothing is outstanding when nothing is missing and nothing came for a while; answers to pushes
  // raise what is expected, so one look is not enough.
  for (int quiet = 0; quiet < 5 && now_ns() < deadline;) {
    sleep_for(20 * kMillisecond);
    progress_.show("waiting for what is under way");
    const Totals now = totals();
    const bool settled = now.received == now.expected || now.unanswered > 0;
    quiet = now.lost() == 0 && settled && now.received == last ? quiet + 1 : 0;
    last = now.received;
  }
  record_.totals = totals();
}

void Run::stop() {
  set_phase(Phase::kStopping);
  for (const auto& worker : workers_) worker->join();
  progress_.clear();
}

void Run::set_phase(Phase phase) {
  control_.phase.store(phase, std::memory_order_release);
  for (const auto& worker : workers_) worker->wake();
}

void Run::sleep_until(std::int64_t until_ns, std::string_view doing) {
  std::uint64_t last = totals().received;
  for (std::int64_t now = now_ns(); now < until_ns; now = now_ns()) {
    // Without a terminal this thread must not even wake up: it shares a core with a worker.
    sleep_for(progress_.is_visible() ? std::min(until_ns - now, kProgressInterval)
                                     : until_ns - now);
    const std::uint64_t received = totals().received;
    progress_.show(fmt::format(
        "{}: {:.1f} s left, {} clients, {:.0f} messages/s", doing,
        static_cast<double>(until_ns - now) / 1e9, totals().opened,
        static_cast<double>(received - last) * 1e9 / static_cast<double>(kProgressInterval)));
    last = received;
  }
}

Snapshot Run::snapshot() {
  Snapshot result{.at_ns = now_ns(),
                  .server_cpu_ns = probe_.cpu_ns(),
                  .harness_cpu_ns = harness_cpu_ns(),
                  .machine_busy_ns = machine_busy_ns(),
                  .worker_cpu_ns = {},
                  .totals = totals()};
  for (const auto& worker : workers_) result.worker_cpu_ns.push_back(worker->cpu_ns());
  return result;
}

Totals Run::totals() const {
  Totals sum;
  for (const auto& worker : workers_) {
    const Counters& counters = worker->counters();
    sum.opened += counters.opened.get();
    sum.open_failed += counters.open_failed.get();
    sum.ended += counters.ended.get();
    sum.published += counters.published.get();
    sum.refused += counters.refused.get();
    sum.unanswered += counters.unanswered.get();
    sum.unsent += counters.unsent.get();
    sum.timed_out += counters.timed_out.get();
    sum.expected += counters.expected.get();
    sum.received += counters.received.get();
    sum.duplicated += counters.duplicated.get();
    sum.reordered += counters.reordered.get();
    sum.corrupted += counters.corrupted.get();
    sum.foreign += counters.foreign.get();
  }
  return sum;
}

}  // namespace load
