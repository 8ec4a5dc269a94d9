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

// `base`, moved on by what happened from `before` to `after`.
Snapshot moved(Snapshot base, const Snapshot& before, const Snapshot& after) {
  base.at_ns += after.at_ns - before.at_ns;
  base.server_cpu_ns += after.server_cpu_ns - before.server_cpu_ns;
  base.server_work_ns += after.server_work_ns - before.server_work_ns;
  base.harness_cpu_ns += after.harness_cpu_ns - before.harness_cpu_ns;
  base.machine_busy_ns += after.machine_busy_ns - before.machine_busy_ns;
  for (std::size_t i = 0; i < base.worker_cpu_ns.size(); ++i) {
    base.worker_cpu_ns[i] += after.worker_cpu_ns[i] - before.worker_cpu_ns[i];
  }
  base.totals += after.totals;
  base.totals -= before.totals;
  return base;
}

}  // namespace

Run::Run(const Setup& setup, const ServerProbe& probe, Progress& progress)
    : setup_(setup), probe_(probe), progress_(progress) {}

Run::~Run() { stop(); }

std::expected<Record, std::string> Run::execute() {
  if (const auto checked = check_shares(); !checked) return std::unexpected(checked.error());
  record_.memory_before = probe_.memory();
  start_workers();
  if (const auto opened = wait_until_open(); !opened) return std::unexpected(opened.error());
  sleep_until(now_ns() + nanoseconds(setup_.options.settle_s), "settling");
  record_.memory_open = probe_.memory();
  if (setup_.options.scenario == Scenario::kReconnect) {
    measure_rounds();
  } else {
    measure();
  }
  drain();
  record_.memory_end = probe_.memory();
  stop();
  for (const auto& worker : workers_) record_.outcome.merge(worker->outcome());
  note_tls();
  if (!probe_.is_alive()) return std::unexpected("the server has died");
  return std::move(record_);
}

// Workers push to their own clients at their own part of the rate. One with nobody to push to would
// leave that part unsent.
std::expected<void, std::string> Run::check_shares() const {
  const Options& options = setup_.options;
  const bool pushes = options.scenario == Scenario::kPush || options.scenario == Scenario::kMixed ||
                      options.scenario == Scenario::kSoak;
  for (std::size_t worker = 0; pushes && worker < options.workers; ++worker) {
    const auto [first, count] = range_of(worker, options.workers, options.connections);
    std::size_t index = first;
    while (index < first + count && !ClientSet::is_pushed_to(options, index)) ++index;
    if (index == first + count) {
      return std::unexpected(
          fmt::format("worker {} of {} has no client to push to: give fewer --workers{}",
                      worker + 1, options.workers, options.probes > 0 ? ", or more --probes" : ""));
    }
  }
  return {};
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
  // Those who come and go stand behind those who stay, so that no two have one uid.
  ClientSet::Range churn = range_of(worker, options.workers, options.churn_clients);
  churn.first += options.connections;
  return std::make_unique<PublishTask>(
      loop, setup_, PublishTask::Place{.worker = worker, .clients = range, .churn = churn},
      control_, counters);
}

// A thousand handshakes, or pushes, a second is slower than any server worth measuring.
std::int64_t Run::opening_time() const {
  const Options& options = setup_.options;
  return nanoseconds(options.timeout_s + static_cast<double>(options.connections) / 1e3);
}

std::expected<void, std::string> Run::wait_until_open() {
  const std::int64_t deadline = now_ns() + opening_time();
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
  return std::unexpected(fmt::format("{} of {} clients could not connect{}", failed,
                                     setup_.options.connections, open_failure()));
}

std::string Run::open_failure() const {
  for (const auto& worker : workers_) {
    const std::string_view reason = worker->counters().open_failure.get();
    if (!reason.empty()) return fmt::format(": {}", reason);
  }
  return {};
}

// All connections are to one server, so the first one's stands for all.
void Run::note_tls() {
  const Counters& first = workers_.front()->counters();
  if (*first.tls_version.get() == '\0') return;
  record_.tls = fmt::format("{} {}", first.tls_version.get(), first.tls_cipher.get());
}

void Run::measure() {
  const std::int64_t begin = now_ns() + nanoseconds(setup_.options.warmup_s);
  const std::int64_t duration = nanoseconds(setup_.options.duration_s);
  control_.start_ns = now_ns();
  control_.window_begin_ns = begin;
  control_.window_end_ns = begin + duration;
  set_phase(Phase::kRunning);

  sleep_until(begin, "warming up");
  const unsigned slices = setup_.options.slices;
  for (unsigned slice = 0; slice <= slices; ++slice) {
    sleep_until(begin + duration * slice / slices, part(slice));
    record_.borders.push_back(snapshot());
    if (setup_.options.scenario == Scenario::kSoak) record_.holdings.push_back(holding());
    if (!probe_.is_alive()) return;  // The rest may be hours.
  }
  // Workers stop when the phase changes; a little later, so that what is due in the last
  // microseconds is still sent and not taken for a backlog.
  sleep_for(5 * kMillisecond);
}

// What a terminal shows meanwhile; of a long run also what it is about.
std::string Run::part(unsigned slice) const {
  std::string name = fmt::format("part {} of {}", slice, setup_.options.slices);
  if (record_.holdings.empty() || !probe_.is_known()) return name;
  return fmt::format("{}, {:.1f} MiB", name,
                     static_cast<double>(record_.holdings.back().memory.resident) / (1 << 20));
}

// Drops everybody and waits until they are back, over and over. Only the time from the drop to the
// last one's return is measured; the checks in between are cut out.
void Run::measure_rounds() {
  control_.start_ns = now_ns();
  control_.window_begin_ns = now_ns();
  control_.window_end_ns = kNever;
  set_phase(Phase::kRunning);
  record_.borders.push_back({.worker_cpu_ns = std::vector<std::int64_t>(workers_.size())});
  record_.holdings.push_back(holding());
  for (unsigned round = 1; round <= setup_.options.rounds; ++round) {
    if (!measure_round(round)) return;
    call_roll(round);
    record_.holdings.push_back(holding());
  }
}

bool Run::measure_round(unsigned round) {
  const Snapshot before = snapshot();
  const std::int64_t deadline = before.at_ns + nanoseconds(setup_.options.return_timeout_s);
  const std::size_t clients = setup_.options.connections;
  control_.drops.store(round, std::memory_order_release);
  wake_workers();
  while (control_.workers_back.load(std::memory_order_acquire) < workers_.size() * round) {
    const std::uint64_t back = totals().opened - before.totals.opened;
    if (now_ns() > deadline || !probe_.is_alive()) {
      record_.not_back = clients - std::min<std::uint64_t>(back, clients);
      return false;
    }
    sleep_for(kMillisecond);
    progress_.show(fmt::format("round {}: {} of {} are back", round, back, clients));
  }
  // All clocks now, so that shares of a core are of one interval; it ended a look earlier.
  Snapshot after = snapshot();
  after.at_ns = control_.back_ns.load();
  // The last logins are still being taken in; what the server needs for them belongs to the round's
  // work, though not to its time.
  sleep_until(now_ns() + nanoseconds(setup_.options.settle_s), "settling");
  after.server_work_ns = probe_.cpu_ns();
  record_.borders.push_back(moved(record_.borders.back(), before, after));
  return true;
}

// Whoever is back is served: a push and a broadcast reach everybody once. What does not arrive is
// lost, as anywhere.
void Run::call_roll(unsigned round) {
  const std::size_t pushes = setup_.profile.push.is_supported() ? setup_.options.connections : 0;
  const std::size_t broadcasts = setup_.profile.broadcast.is_supported() ? 1 : 0;
  const std::uint64_t called = totals().settled() + pushes + broadcasts;
  const std::int64_t deadline = now_ns() + opening_time();
  control_.roll_calls.store(round, std::memory_order_release);
  wake_workers();
  // Looked at twice: what is expected rises a moment after what was published.
  for (int quiet = 0; quiet < 2 && now_ns() < deadline;) {
    sleep_for(2 * kMillisecond);
    const Totals now = totals();
    quiet = now.settled() >= called && now.lost() == 0 ? quiet + 1 : 0;
    progress_.show(fmt::format("round {}: pushing to everybody", round));
  }
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
  wake_workers();
}

void Run::wake_workers() const {
  for (const auto& worker : workers_) worker->wake();
}

void Run::sleep_until(std::int64_t until_ns, std::string_view doing) {
  std::uint64_t last = totals().received;
  std::int64_t last_ns = now_ns();
  for (std::int64_t now = last_ns; now < until_ns; now = now_ns()) {
    // Without a terminal this thread must not even wake up: it shares a core with a worker.
    sleep_for(progress_.is_visible() ? std::min(until_ns - now, kProgressInterval)
                                     : until_ns - now);
    const std::uint64_t received = totals().received;
    progress_.show(fmt::format(
        "{}: {:.1f} s left, {} opened, {:.0f} messages/s", doing,
        static_cast<double>(until_ns - now) / 1e9, totals().opened,
        static_cast<double>(received - last) * 1e9 / static_cast<double>(now_ns() - last_ns)));
    last = received;
    last_ns = now_ns();
  }
}

Snapshot Run::snapshot() {
  const std::int64_t server_cpu_ns = probe_.cpu_ns();
  Snapshot result{.at_ns = now_ns(),
                  .server_cpu_ns = server_cpu_ns,
                  .server_work_ns = server_cpu_ns,
                  .harness_cpu_ns = harness_cpu_ns(),
                  .machine_busy_ns = machine_busy_ns(),
                  .worker_cpu_ns = {},
                  .totals = totals()};
  for (const auto& worker : workers_) result.worker_cpu_ns.push_back(worker->cpu_ns());
  return result;
}

Holding Run::holding() const {
  return {.at_ns = now_ns(), .memory = probe_.memory(), .open_files = probe_.open_files()};
}

Totals Run::totals() const {
  Totals sum;
  for (const auto& worker : workers_) sum += worker->counters();
  return sum;
}

}  // namespace load
