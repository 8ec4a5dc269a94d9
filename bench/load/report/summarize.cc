#include "bench/load/report/summarize.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <utility>

#include "bench/load/clock.h"
#include "bench/load/report/reconnect_figures.h"
#include "bench/load/report/soak_figures.h"

namespace load {
namespace {

// What a scenario counts.
struct Unit {
  std::string plural;
  std::string singular;
  std::uint64_t Totals::* count;
};

Unit unit_of(Scenario scenario) {
  switch (scenario) {
    case Scenario::kConnect:
      return {"handshakes", "handshake", &Totals::received};
    case Scenario::kPush:
      return {"pushes", "push", &Totals::published};
    case Scenario::kEcho:
      return {"messages", "message", &Totals::received};
    case Scenario::kReconnect:
      return {"reconnects", "reconnect", &Totals::opened};
    case Scenario::kHold:
    case Scenario::kFanout:
    case Scenario::kMixed:
    case Scenario::kSoak:
      break;
  }
  return {"deliveries", "delivery", &Totals::received};
}

// Whether messages are sent all the time, at a rate or as fast as they are answered.
bool sends_messages(Scenario scenario) {
  return scenario != Scenario::kHold && scenario != Scenario::kConnect &&
         scenario != Scenario::kReconnect;
}

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

double seconds_between(const Snapshot& a, const Snapshot& b) {
  return static_cast<double>(b.at_ns - a.at_ns) / 1e9;
}

using Figure = std::function<double(const Snapshot& from, const Snapshot& to)>;

// The figure over the whole recorded time, and for each slice.
void add_metric(Result& result, const Record& record, Metric metric, const Figure& figure) {
  const auto& borders = record.borders;
  metric.value = figure(borders.front(), borders.back());
  for (std::size_t i = 1; i < borders.size(); ++i) {
    metric.samples.push_back(figure(borders[i - 1], borders[i]));
  }
  result.metrics.push_back(std::move(metric));
}

double busiest_worker(const Snapshot& from, const Snapshot& to) {
  double busiest = 0;
  for (std::size_t i = 0; i < from.worker_cpu_ns.size(); ++i) {
    busiest = std::max(busiest, static_cast<double>(to.worker_cpu_ns[i] - from.worker_cpu_ns[i]));
  }
  return 100 * ratio(busiest, static_cast<double>(to.at_ns - from.at_ns));
}

double foreign_share(const Snapshot& from, const Snapshot& to) {
  const auto ours =
      (to.server_cpu_ns - from.server_cpu_ns) + (to.harness_cpu_ns - from.harness_cpu_ns);
  const auto foreign = static_cast<double>(to.machine_busy_ns - from.machine_busy_ns - ours);
  return std::max(0.0, 100 * ratio(foreign, static_cast<double>(to.at_ns - from.at_ns)));
}

double server_share(const Snapshot& from, const Snapshot& to) {
  return 100 * ratio(static_cast<double>(to.server_cpu_ns - from.server_cpu_ns),
                     static_cast<double>(to.at_ns - from.at_ns));
}

void add_load_metrics(Result& result, const Record& record, const Unit& unit, bool server_known) {
  const auto units = [count = unit.count](const Snapshot& from, const Snapshot& to) {
    return static_cast<double>(to.totals.*count - from.totals.*count);
  };
  add_metric(result, record, {.name = unit.plural, .unit = "1/s", .better = Better::kHigher},
             [&](const Snapshot& from, const Snapshot& to) {
               return ratio(units(from, to), seconds_between(from, to));
             });
  if (!server_known) return;
  add_metric(result, record,
             {.name = "server_cpu", .unit = "us/" + unit.singular, .better = Better::kLower},
             [&](const Snapshot& from, const Snapshot& to) {
               return ratio(static_cast<double>(to.server_work_ns - from.server_work_ns) / 1e3,
                            units(from, to));
             });
}

void add_share_metrics(Result& result, const Record& record, bool server_known) {
  if (server_known) {
    add_metric(result, record, {.name = "server_busy", .unit = "% of a core"}, server_share);
    add_metric(result, record, {.name = "others_busy", .unit = "% of a core"}, foreign_share);
  }
  add_metric(result, record, {.name = "harness_busy", .unit = "% of a core"}, busiest_worker);
}

void add_opening_metrics(Result& result, const Record& record, bool server_known) {
  const auto opened = static_cast<double>(record.after_opening.totals.opened);
  if (opened == 0) return;
  const Snapshot& from = record.before_opening;
  const Snapshot& to = record.after_opening;
  result.metrics.push_back({.name = "opening",
                            .unit = "s",
                            .value = seconds_between(from, to),
                            .better = Better::kLower,
                            .samples = {}});
  if (!server_known) return;
  result.metrics.push_back(
      {.name = "opening_cpu",
       .unit = "us/connection",
       .value = static_cast<double>(to.server_cpu_ns - from.server_cpu_ns) / 1e3 / opened,
       .better = Better::kLower,
       .samples = {}});
}

void add_memory_metrics(Result& result, const Record& record) {
  const auto opened = static_cast<double>(record.after_opening.totals.opened);
  if (opened == 0) return;
  const auto per_connection = [&](std::uint64_t ServerMemory::* kind) {
    const auto grown = static_cast<double>(record.memory_open.*kind) -
                       static_cast<double>(record.memory_before.*kind);
    return grown / opened;
  };
  result.metrics.push_back({.name = "user_memory",
                            .unit = "bytes/connection",
                            .value = per_connection(&ServerMemory::anonymous),
                            .better = Better::kLower,
                            .samples = {}});
  result.metrics.push_back({.name = "resident_memory",
                            .unit = "bytes/connection",
                            .value = per_connection(&ServerMemory::resident),
                            .better = Better::kLower,
                            .samples = {}});
  result.metrics.push_back({.name = "kernel_memory_both_ends",
                            .unit = "bytes/connection",
                            .value = per_connection(&ServerMemory::kernel),
                            .better = Better::kNeither,
                            .samples = {}});
}

void add_end_memory(Result& result, const Record& record) {
  result.metrics.push_back({.name = "server_resident_end",
                            .unit = "MiB",
                            .value = static_cast<double>(record.memory_end.resident) / (1 << 20),
                            .better = Better::kLower,
                            .samples = {}});
}

void add_idle_metric(Result& result, const Setup& setup, const Record& record) {
  const auto connections = static_cast<double>(setup.options.connections);
  add_metric(result, record,
             {.name = "idle_cpu", .unit = "us/s/connection", .better = Better::kLower},
             [&](const Snapshot& from, const Snapshot& to) {
               const auto cpu_us = static_cast<double>(to.server_cpu_ns - from.server_cpu_ns) / 1e3;
               return ratio(cpu_us, seconds_between(from, to)) / connections;
             });
}

void add_reconnect_rate(Result& result, const Record& record) {
  add_metric(result, record, {.name = "reconnects", .unit = "1/s"},
             [&](const Snapshot& from, const Snapshot& to) {
               return ratio(static_cast<double>(to.totals.opened - from.totals.opened),
                            seconds_between(from, to));
             });
}

// What an idle connection is not quite idle with.
void add_pings(Result& result, const Record& record) {
  if (record.borders.back().totals.pings == 0) return;
  add_metric(result, record, {.name = "pings", .unit = "1/s"},
             [&](const Snapshot& from, const Snapshot& to) {
               return ratio(static_cast<double>(to.totals.pings - from.totals.pings),
                            seconds_between(from, to));
             });
}

double resumed_share(const Snapshot& from, const Snapshot& to) {
  return 100 * ratio(static_cast<double>(to.totals.resumed - from.totals.resumed),
                     static_cast<double>(to.totals.opened - from.totals.opened));
}

void add_resumed(Result& result, const Setup& setup, const Record& record) {
  const Snapshot& from = record.borders.front();
  const Snapshot& to = record.borders.back();
  if (!setup.options.tls_resume || to.totals.opened == from.totals.opened) return;
  add_metric(result, record, {.name = "tls_resumed", .unit = "% of handshakes"}, resumed_share);
  if (resumed_share(from, to) < 99) {
    result.warnings.push_back(
        fmt::format("only {:.0f} % of the handshakes were resumptions", resumed_share(from, to)));
  }
}

// That a server agrees does not mean that it compresses: it may find messages too short, or have
// no time.
void add_compression(Result& result, const Setup& setup, const Record& record) {
  const Snapshot& from = record.borders.front();
  const Snapshot& to = record.borders.back();
  if (!setup.profile.deflate || to.totals.received == from.totals.received) return;
  const auto share = [](std::uint64_t Totals::* part, std::uint64_t Totals::* whole) {
    return [part, whole](const Snapshot& a, const Snapshot& b) {
      return 100 * ratio(static_cast<double>(b.totals.*part - a.totals.*part),
                         static_cast<double>(b.totals.*whole - a.totals.*whole));
    };
  };
  const auto compressed = share(&Totals::compressed, &Totals::received);
  add_metric(result, record, {.name = "compressed", .unit = "% of messages"}, compressed);
  add_metric(result, record, {.name = "compressed_size", .unit = "% of payload"},
             share(&Totals::compressed_bytes, &Totals::inflated_bytes));
  if (compressed(from, to) < 99) {
    result.warnings.push_back(
        fmt::format("only {:.0f} % of the messages were compressed", compressed(from, to)));
  }
}

void add_latencies(Result& result, const Setup& setup, const Record& record) {
  const std::string from = setup.options.rate > 0 ? "due time" : "sending";
  const bool rounds = setup.options.scenario == Scenario::kReconnect;
  // Whether the server has taken a login in is not known before something arrives.
  const char* const login = setup.profile.login.empty() ? "" : ", login sent";
  const auto add = [&](std::string name, std::string meaning, const Histogram& histogram) {
    if (histogram.empty()) return;
    result.latencies.push_back(
        {.name = std::move(name), .meaning = std::move(meaning), .histogram = histogram});
  };
  add("handshake", "connect to 101", record.outcome.handshake);
  add("reconnection", fmt::format("{} to 101{}", rounds ? "connection dropped" : "drop due", login),
      record.outcome.reconnection);
  add("past_hint", "end of the first retry hint to a later refusal", record.outcome.past_hint);
  add("delivery", "broadcast to arrival at each client", record.outcome.delivery);
  add("completion", "broadcast to arrival at the last client", record.outcome.completion);
  add("push", from + " to arrival", record.outcome.push);
  add("answer", from + " to HTTP answer", record.outcome.answer);
  add("all_answer", "broadcast to HTTP answer", record.outcome.broadcast_answer);
  add("echo", from + " to return", record.outcome.echo);
  add("lateness", "due time to sending, with a connection free: the harness itself",
      record.outcome.lateness);
}

void add_checks(Result& result, const Totals& totals) {
  result.checks = {
      {.name = "expected", .count = totals.expected, .must_be_zero = false},
      {.name = "received", .count = totals.received, .must_be_zero = false},
      {.name = "lost", .count = totals.lost(), .must_be_zero = true},
      {.name = "duplicated", .count = totals.duplicated, .must_be_zero = true},
      {.name = "reordered", .count = totals.reordered, .must_be_zero = true},
      {.name = "corrupted", .count = totals.corrupted, .must_be_zero = true},
      {.name = "refused", .count = totals.refused, .must_be_zero = true},
      {.name = "unanswered", .count = totals.unanswered, .must_be_zero = true},
      {.name = "unsent", .count = totals.unsent, .must_be_zero = true},
      {.name = "timed_out", .count = totals.timed_out, .must_be_zero = true},
      {.name = "open_failed", .count = totals.open_failed, .must_be_zero = true},
      {.name = "turned_away", .count = totals.turned_away, .must_be_zero = false},
      {.name = "refused_past_hint", .count = totals.past_hint, .must_be_zero = true},
      {.name = "ended_by_server", .count = totals.ended, .must_be_zero = true},
      {.name = "other_messages", .count = totals.foreign, .must_be_zero = false},
  };
}

// Noise: the slices' spread around the value of the whole, in percent of it.
double spread_percent(const Metric& metric) {
  if (metric.samples.empty()) return 0;
  const auto [low, high] = std::ranges::minmax(metric.samples);
  return 100 * ratio(high - low, metric.value);
}

void add_warnings(Result& result, const Setup& setup, const Record& record, bool server_known) {
  const Options& options = setup.options;
  if (!server_known) {
    result.warnings.emplace_back(
        "the server's process is not known (--pid or --ready-file): no CPU or memory figures");
  }
  const double busy = busiest_worker(record.borders.front(), record.borders.back());
  if (!options.spin && busy > 90) {
    result.warnings.push_back(
        fmt::format("the harness was saturated (a worker was busy {:.0f} %): rates and latencies "
                    "are its own limit, "
                    "not the server's; CPU per unit still holds. Use more --workers",
                    busy));
  }
  if (record.totals.unsent > 0) {
    result.warnings.push_back(fmt::format(
        "the rate was not kept: {} were due and never sent, and the latencies leave them out. "
        "Lower --rate, or give more --publishers or --outstanding",
        record.totals.unsent));
  }
  const Histogram& lateness = record.outcome.lateness;
  if (lateness.percentile(99) > 100'000) {
    result.warnings.push_back(fmt::format(
        "the harness sent late (p99 {:.0f} us after the due time): latencies include that",
        static_cast<double>(lateness.percentile(99)) / 1e3));
  }
  const double foreign = foreign_share(record.borders.front(), record.borders.back());
  if (server_known && foreign > 10) {
    result.warnings.push_back(
        fmt::format("other processes used {:.0f} % of a core meanwhile", foreign));
  }
  // Of a soak one slice has more broadcasts than the next.
  const bool alike = options.scenario != Scenario::kSoak;
  for (const Metric& metric : result.metrics) {
    if (alike && metric.name == "server_cpu" && spread_percent(metric) > 10) {
      result.warnings.push_back(fmt::format("noisy: server_cpu of the slices differs by {:.0f} %",
                                            spread_percent(metric)));
    }
  }
  if (!result.is_sound())
    result.warnings.emplace_back("not everything went as it must: see the checks marked (!)");
}

void add_parameters(Result& result, const Setup& setup, const Record& record) {
  const Options& options = setup.options;
  const auto add = [&](std::string name, auto value) {
    result.parameters.emplace_back(std::move(name), fmt::format("{}", value));
  };
  add("connections", options.connections);
  add("workers", options.workers);
  if (!record.tls.empty()) {
    add("tls", record.tls);
    add("certificate", options.ca_file.empty() ? "not verified" : "verified");
    if (options.tls_resume) add("tls_resume", options.tls_resume);
  }
  if (setup.profile.deflate) add("permessage_deflate", setup.profile.deflate);
  if (sends_messages(options.scenario)) {
    add("payload", options.payload_size);
    if (options.payload == PayloadKind::kJson) add("payload_kind", "json");
    add("outstanding", options.outstanding);
    add("loop", options.rate > 0 ? "open" : "closed");
    if (options.rate > 0) add("rate", options.rate);
  }
  const bool both = options.scenario == Scenario::kMixed || options.scenario == Scenario::kSoak;
  if (options.scenario == Scenario::kPush || both) {
    add("publishers", options.publishers);
    add("batch", options.batch);
    if (options.stream) add("stream", options.stream);
  }
  if (both) {
    add("broadcast_rate", options.broadcast_rate);
    add("non_readers_percent", options.non_readers_percent);
    if (options.probes > 0) add("probes", options.probes);
  }
  const char* const drop = options.drop == Drop::kReset ? "reset" : "close";
  if (options.scenario == Scenario::kReconnect) {
    add("drop", drop);
    add("rounds", options.rounds);
    add("opening_max", options.opening_max);
  }
  if (options.scenario == Scenario::kSoak) {
    add("churn", options.churn_rate);
    add("churn_clients", options.churn_clients);
    add("drop", drop);
  }
  if (!options.channel.empty()) add("channel", options.channel);
  add("spin", options.spin);
  if (options.scenario == Scenario::kReconnect) return;  // It lasts as long as it takes.
  add("warmup_s", options.warmup_s);
  add("duration_s", options.duration_s);
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

void add_machine(Result& result) {
  utsname name{};
  uname(&name);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  sched_getaffinity(0, sizeof cpus, &cpus);
  std::string allowed;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cpus)) allowed += fmt::format("{}{}", allowed.empty() ? "" : ",", cpu);
  }
  result.machine = {
      {"kernel", name.release}, {"processor", processor_model()}, {"harness_cpus", allowed}};
}

// The wall-clock time of a moment of the monotonic clock.
std::string utc_of(std::int64_t at_ns) {
  const time_t then = time(nullptr) - (now_ns() - at_ns) / kSecond;
  tm utc{};
  gmtime_r(&then, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

Result summarize(const Setup& setup, const Record& record, bool server_known) {
  const Options& options = setup.options;
  Result result;
  result.scenario = options.scenario_name;
  result.target = setup.profile.name;
  result.label = options.label.empty() ? options.scenario_name : options.label;
  result.started_at = utc_of(record.before_opening.at_ns);
  add_parameters(result, setup, record);
  add_machine(result);

  const bool opens_once = options.scenario == Scenario::kConnect && options.storm;
  const bool loaded = options.scenario != Scenario::kHold && !opens_once;
  if (loaded) add_load_metrics(result, record, unit_of(options.scenario), server_known);
  if (options.scenario == Scenario::kHold && server_known) add_idle_metric(result, setup, record);
  if (options.scenario == Scenario::kHold) add_pings(result, record);
  if (options.scenario == Scenario::kSoak) add_reconnect_rate(result, record);
  add_resumed(result, setup, record);
  if (sends_messages(options.scenario)) add_compression(result, setup, record);
  add_share_metrics(result, record, server_known);
  add_opening_metrics(result, record, server_known);
  // Per connection only where nothing else moved: elsewhere buffers come and go with the load.
  if (options.scenario == Scenario::kHold && server_known) add_memory_metrics(result, record);
  if (server_known) add_end_memory(result, record);
  add_latencies(result, setup, record);
  add_checks(result, record.totals);
  if (options.scenario == Scenario::kReconnect)
    add_reconnect_figures(result, setup, record, server_known);
  if (options.scenario == Scenario::kSoak) add_soak_figures(result, setup, record, server_known);
  add_warnings(result, setup, record, server_known);
  return result;
}

}  // namespace load
