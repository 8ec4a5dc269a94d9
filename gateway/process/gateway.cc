#include "gateway/process/gateway.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iostream>
#include <latch>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/config/host_port.h"
#include "gateway/config/loader.h"
#include "gateway/config/reload.h"
#include "gateway/config/rules.h"
#include "gateway/cross/shard_set.h"
#include "gateway/loop/event_loop.h"
#include "gateway/net/listener.h"
#include "gateway/net/send_batch.h"
#include "gateway/observe/log.h"
#include "gateway/process/announcement.h"
#include "gateway/process/file_limit.h"
#include "gateway/process/memory_limit.h"
#include "gateway/process/ready_file.h"
#include "gateway/process/tls_contexts.h"
#include "gateway/shard/other_jobs.h"
#include "gateway/shard/shard.h"

namespace process {
namespace {

constexpr std::uint64_t kDrainPollMs = 20;
// After the last connection is gone: time for API requests that are under way.
constexpr std::uint64_t kApiGraceMs = 2'000;

observe::LogFormat format_of(const config::Config& config) {
  return config.log.format == config::LogFormat::kJson ? observe::LogFormat::kJson
                                                       : observe::LogFormat::kText;
}

// A supervisor may have closed them: sockets would get their numbers, and take what is printed.
void occupy_standard_streams() {
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 0) ::close(fd);
}

int start_failure(std::string_view why) {
  std::cerr << "dunlin: " << why << '\n';
  return 1;
}

// A file that was sound when it was checked, a moment ago.
std::string to_line(const config::Finding& finding) {
  return fmt::format("{}: {}", finding.key, finding.message);
}

net::SendBatch::Mode choose_send_mode(const config::Config& config) {
  if (config.hub.send_batch == "plain") return net::SendBatch::Mode::kPlain;
  if (net::io_uring_works()) return net::SendBatch::Mode::kIoUring;
  if (config.hub.send_batch == "io_uring") {
    observe::warn("io_uring is not available here; plain sends serve", {});
  }
  return net::SendBatch::Mode::kPlain;
}

// Which files are at fault; where several kinds are, the configuration itself comes first.
cross::ReloadResult result_of(const std::vector<config::ConfigError>& errors) {
  const auto kind = [](const config::ConfigError& error) {
    if (error.key == "auth.keys") return cross::ReloadResult::kTokenKeys;
    const bool of_tls = error.key.starts_with("tls.") || error.key == "api.client_ca";
    return of_tls ? cross::ReloadResult::kCertificates : cross::ReloadResult::kConfiguration;
  };
  return kind(*std::ranges::min_element(errors, {}, kind));
}

class Gateway {
 public:
  Gateway(const config::ServeCommand& command, const config::Surroundings& surroundings,
          std::shared_ptr<const config::Config> config, TlsContexts tls)
      : command_(command),
        surroundings_(surroundings),
        config_(std::move(config)),
        tls_(std::move(tls)),
        shard_count_(static_cast<cross::ShardIndex>(
            config_->hub.shards != 0
                ? config_->hub.shards
                : std::clamp<unsigned>(std::thread::hardware_concurrency(), 1, cross::kShardsMax))),
        shards_(shard_count_, config_->hub.ring_size,
                std::bit_ceil(std::size_t{config_->hub.outstanding_max}),
                config_->public_.connections_max),
        wake_(loop_, [this] { on_wake(); }),
        poll_timer_(loop_, [this] { poll_drain(); }),
        made_(shard_count_ + 1),
        stopped_(shard_count_ + 1) {}

  int run();

 private:
  void start_shards(const net::BoundSockets& public_sockets, const net::BoundSockets& api_sockets);
  [[nodiscard]] shard::Snapshot snapshot() const {
    return {config_, tls_.public_, tls_.api, tls_.ends};
  }
  void on_wake();
  void reload();
  void refuse_reload(const std::vector<config::ConfigError>& errors);
  void note_reload(cross::ReloadResult result);
  void note_applied(bool applied);
  void on_terminate();
  void poll_drain();
  void stop_shards();
  template <typename MakeJob>
  void order(MakeJob&& make_job);

  const config::ServeCommand& command_;
  const config::Surroundings& surroundings_;
  std::shared_ptr<const config::Config> config_;
  TlsContexts tls_;
  const cross::ShardIndex shard_count_;
  cross::ShardSet shards_;
  loop::EventLoop loop_;
  loop::WakeUp wake_;
  loop::Timer poll_timer_;
  std::latch made_;  // Every inbox has its wake-up before anybody posts.
  // Shards that run no more, and main, which posts no more: before that none is destroyed.
  std::latch stopped_;
  std::vector<std::thread> threads_;
  std::uint64_t drain_deadline_ms_ = 0;
  std::uint64_t api_deadline_ms_ = 0;
  bool stopping_ = false;
};

// A full inbox is no reason to forget an order: the shard empties it soon.
template <typename MakeJob>
void Gateway::order(MakeJob&& make_job) {
  for (cross::ShardIndex i = 0; i < shard_count_; ++i) {
    std::unique_ptr<cross::Job> job = make_job();
    while (!shards_.inbox(i).post(job.get())) std::this_thread::yield();
    [[maybe_unused]] auto* posted = job.release();
  }
}

int Gateway::run() {
  shards_.memory.set_ceiling(memory_ceiling(*config_));
  note_applied(true);
  const FileLimit files = raise_file_limit(*config_, shard_count_);
  const auto public_sockets = net::bind_sockets(*config::parse_host_port(config_->public_.listen),
                                                shard_count_, config_->public_.backlog);
  if (!public_sockets) return start_failure(public_sockets.error());
  const auto api_sockets = net::bind_sockets(*config::parse_host_port(config_->api.listen),
                                             shard_count_, config_->public_.backlog);
  if (!api_sockets) return start_failure(api_sockets.error());
  if (!files.enough()) {
    observe::warn(
        "too few open files are allowed for the configured connections: raise the limit "
        "(ulimit -n, LimitNOFILE), or lower public.connections_max",
        {{"wanted", files.wanted}, {"in_force", files.in_force}});
  }
  // From here on a signal is an order that waits for the loop; whoever sees the ready file may send
  // one at once.
  const loop::Signal terminate(loop_, SIGTERM, [this] { on_terminate(); });
  const loop::Signal interrupt(loop_, SIGINT, [this] { on_terminate(); });
  const loop::Signal hang_up(loop_, SIGHUP, [this] { reload(); });
  start_shards(*public_sockets, *api_sockets);
  if (command_.ready_file) {
    if (const auto error =
            write_ready_file(*command_.ready_file, public_sockets->address, api_sockets->address)) {
      stop_shards();
      for (std::thread& thread : threads_) thread.join();
      return start_failure(*error);
    }
  }
  print_addresses(*config_, public_sockets->address, api_sockets->address);
  loop_.run([] { return false; });
  for (std::thread& thread : threads_) thread.join();
  observe::info("stopped", {});
  return 0;
}

void Gateway::start_shards(const net::BoundSockets& public_sockets,
                           const net::BoundSockets& api_sockets) {
  const net::SendBatch::Mode mode = choose_send_mode(*config_);
  for (cross::ShardIndex i = 0; i < shard_count_; ++i) {
    threads_.emplace_back([&, i, mode] {
      pthread_setname_np(pthread_self(), fmt::format("shard-{}", i).c_str());
      shard::Shard shard({.index = i,
                          .shards = &shards_,
                          .snapshot = snapshot(),
                          .public_socket = public_sockets.descriptors[i],
                          .api_socket = api_sockets.descriptors[i],
                          .send_mode = mode,
                          .wake_main = [this] { wake_.signal(); }});
      made_.arrive_and_wait();
      shard.run();
      stopped_.arrive_and_wait();
    });
  }
  made_.arrive_and_wait();
  log_limits(*config_, shards_.memory.ceiling());
  observe::info("serving", {{"shards", shard_count_},
                            {"send", mode == net::SendBatch::Mode::kIoUring ? "io_uring" : "plain"},
                            {"profiles", config_->profiles.size()},
                            {"connections_max", config_->public_.connections_max}});
  log_certificates(tls_);
  log_dangers(*config_);
}

void Gateway::reload() {
  if (stopping_) return;  // A shard that has stopped empties its inbox no more.
  const auto loaded = config::load(config::sources_for(command_, surroundings_));
  if (!loaded) return refuse_reload(loaded.error());
  auto merged = config::merge_reloadable(*config_, *loaded);
  if (!merged) return refuse_reload(merged.error());
  const auto notes = config::compare_for_reload(*config_, *loaded);
  for (const config::ReloadNote& note : notes) {
    if (note.takes_effect == config::TakesEffect::kAfterRestart) {
      observe::warn("needs a restart", {{"setting", config::to_string(note)}});
    } else {
      observe::info("reloaded", {{"setting", config::to_string(note)}});
    }
  }
  // The files are read again even where their names stay the same: certificates are renewed so.
  auto tls = make_tls_contexts(*merged, tls_);
  if (!tls) {
    return refuse_reload({{.where = {.source = "reload"},
                           .key = std::move(tls.error().key),
                           .message = std::move(tls.error().message)}});
  }
  config_ = std::make_shared<const config::Config>(std::move(*merged));
  tls_ = std::move(*tls);
  shards_.memory.set_ceiling(memory_ceiling(*config_));
  observe::init(config_->log.level, format_of(*config_));
  order([this] { return std::make_unique<shard::ConfigureJob>(snapshot()); });
  note_reload(cross::ReloadResult::kApplied);
  log_certificates(tls_);
  observe::info("configuration reloaded", {{"changes", notes.size()}});
}

void Gateway::refuse_reload(const std::vector<config::ConfigError>& errors) {
  for (const config::ConfigError& error : errors) {
    observe::error("configuration not reloaded", {{"error", config::to_string(error)}});
  }
  note_reload(result_of(errors));
}

void Gateway::note_reload(cross::ReloadResult result) {
  shards_.reloads.results[result].add();
  note_applied(result == cross::ReloadResult::kApplied);
}

// What is in force is, or is not, what the files say.
void Gateway::note_applied(bool applied) {
  shards_.reloads.last_applied.set(applied ? 1 : 0);
  if (applied) {
    shards_.reloads.last_applied_time_s.set(static_cast<std::uint64_t>(std::time(nullptr)));
  }
}

void Gateway::on_wake() {
  if (shards_.drain_requested.exchange(false) && drain_deadline_ms_ == 0) on_terminate();
}

void Gateway::on_terminate() {
  if (stopping_) return;
  if (drain_deadline_ms_ != 0) {
    observe::warn("told to stop again: stopping at once", {});
    order([] { return std::make_unique<shard::DrainJob>(/*at_once=*/true); });
    stop_shards();
    return;
  }
  drain_deadline_ms_ = loop_.now_ms() + config_->drain.deadline_ms;
  shards_.draining.store(true, std::memory_order_relaxed);
  observe::info("draining", {{"connections", shards_.connections.load()},
                             {"window_ms", config_->drain.window_ms},
                             {"deadline_ms", config_->drain.deadline_ms}});
  order([] { return std::make_unique<shard::DrainJob>(/*at_once=*/false); });
  poll_timer_.set(kDrainPollMs);
}

// The drain is over when nobody is connected and nothing is being answered, or at its deadline.
void Gateway::poll_drain() {
  const std::uint64_t now = loop_.now_ms();
  // Handshakes: also of those who are only to be told that they cannot stay.
  const bool connected = shards_.connections.load(std::memory_order_relaxed) != 0 ||
                         shards_.sum(&cross::Counters::handshaking) != 0;
  if (!connected && api_deadline_ms_ == 0) api_deadline_ms_ = now + kApiGraceMs;
  const bool answered = shards_.sum(&cross::Counters::api_open_requests) == 0;
  const bool finished = !connected && (answered || now >= api_deadline_ms_);
  if (finished || now >= drain_deadline_ms_) {
    if (connected) {
      observe::warn("drain deadline reached; connections are cut",
                    {{"connections", shards_.connections.load()}});
      order([] { return std::make_unique<shard::DrainJob>(/*at_once=*/true); });
    }
    stop_shards();
    return;
  }
  poll_timer_.set(kDrainPollMs);
}

void Gateway::stop_shards() {
  stopping_ = true;
  poll_timer_.cancel();  // It may be due in this very turn; once is what the latch is made for.
  order([] { return std::make_unique<shard::StopJob>(); });
  stopped_.count_down();
  loop_.stop();
}

}  // namespace

int serve(const config::ServeCommand& command, const config::Surroundings& surroundings) {
  occupy_standard_streams();
  if (command.config_file && ::access(command.config_file->c_str(), R_OK) != 0) {
    return start_failure(fmt::format("cannot read {}: {}", *command.config_file,
                                     std::generic_category().message(errno)));
  }
  auto loaded = config::load(config::sources_for(command, surroundings));
  if (!loaded) {
    for (const config::ConfigError& error : loaded.error()) {
      std::cerr << config::to_string(error) << '\n';
    }
    return config::kExitBadUsage;
  }
  auto tls = make_tls_contexts(*loaded);
  if (!tls) return start_failure(to_line(tls.error()));
  observe::init(loaded->log.level, format_of(*loaded));
  signal(SIGPIPE, SIG_IGN);
  return Gateway(command, surroundings, std::make_shared<const config::Config>(std::move(*loaded)),
                 std::move(*tls))
      .run();
}

std::vector<config::Finding> check_files(const config::Config& config) {
  if (auto tls = make_tls_contexts(config); !tls) return {std::move(tls.error())};
  return {};
}

}  // namespace process
