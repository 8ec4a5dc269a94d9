#include "gateway/shard/shard.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "gateway/observe/log.h"

namespace shard {

Shard::Shard(const Setup& setup)
    : index_(setup.index),
      shards_(*setup.shards),
      inbox_(shards_.inbox(index_)),
      counters_(shards_.counters(index_)),
      config_(setup.snapshot.config),
      wake_timer_(loop_, [this] { wake_timer_at_ = 0; }),
      poller_(loop_, *this),
      sends_(setup.send_mode),
      hub_(index_, edge_, counters_, config_->hub.fanouts_max),
      edge_(index_, poller_, kEdgeKind, hub_, router_, counters_, sends_),
      router_(index_, shards_, hub_, edge_, *this),
      api_(poller_, kApiKind, sends_, router_, counters_, config_,
           {.set_log_level = [](std::string_view level) { return observe::set_level(level); }}) {
  cross::Message::count_on_this_thread(&counters_.message_bytes);
  router_.set_sink(api_);
  router_.set_wake_main(setup.wake_main);
  inbox_.set_wake([this] { poller_.wake(); });
  configure(setup.snapshot);
  refresh_time();
  canary_ = std::make_unique<Canary>(index_, shards_, loop_, edge_, router_);
  const auto on_error = [this](int error) {
    counters_.accept_errors.add();
    observe::warn("cannot accept a connection",
                  {{"shard", index_}, {"error", std::generic_category().message(error)}});
  };
  public_listener_ = std::make_unique<net::Listener>(
      loop_, setup.public_socket,
      [this](int fd, const net::Address& peer) {
        refresh_time();
        edge_.accept(fd, peer);
      },
      on_error);
  api_listener_ = std::make_unique<net::Listener>(
      loop_, setup.api_socket, [this](int fd, const net::Address&) { api_.adopt(fd); }, on_error);
}

Shard::~Shard() {
  cross::Message::count_on_this_thread(nullptr);
  public_listener_.reset();
  api_listener_.reset();
  canary_.reset();
}

void Shard::run() {
  loop_.run([this] { return turn(); });
  router_.shut_down();
}

void Shard::refresh_time() {
  now_ms_ = loop_.now_ms();
  edge_.begin_turn(now_ms_);
  router_.begin_turn(now_ms_);
  hub_.delivery().set_now(now_ms_);
}

void Shard::on_ready(loop::PollKey key, loop::Readiness readiness) {
  if (now_ms_ != loop_.now_ms()) refresh_time();
  if (key.kind == kEdgeKind) {
    edge_.on_ready(key, readiness);
  } else {
    api_.on_ready(key, readiness);
  }
}

// What events have brought in is done here, once, and then everything leaves together. Returns
// whether the loop must not sleep.
bool Shard::turn() {
  inbox_.woke_up();
  refresh_time();
  edge_.renew_budget();
  api_.renew_budget();
  hub_.delivery().begin_turn(shards_.memory.spare() / shards_.size());
  router_.take_inbox();
  edge_.run_timers();
  edge_.run_ready();
  if (api_.has_ready_work()) api_.run_ready();
  if (const auto due = api_.next_deadline(); due && *due <= now_ms_) api_.on_tick(now_ms_);
  keep_house();

  // Targeted messages first, and their answers; then a slice of the fan-outs.
  carry_out_local();
  let_leave();
  if (hub_.fanouts().any()) {
    run_fanouts();
    let_leave();
  }
  keep_memory();
  if (hub_.fanouts().any() || edge_.has_ready_work() || api_.has_ready_work() ||
      router_.has_local_work() || router_.has_answers()) {
    return true;
  }
  update_gauges();
  if (!inbox_.prepare_to_sleep()) return true;
  set_wake_timer();
  return false;
}

void Shard::carry_out_local() {
  router_.carry_out_local();
  hub_.delivery().flush();
  router_.settle_executed();
}

void Shard::run_fanouts() {
  const std::uint64_t begin_ns = edge_.now_ns();
  const std::uint32_t used =
      hub_.fanouts().run(fanout_pace_.deliveries(config_->hub.fanout_slice_us), fanouts_done_);
  fanout_pace_.ran(used, edge_.now_ns() - begin_ns);
  router_.on_fanouts_done(fanouts_done_);
}

void Shard::let_leave() {
  edge_.end_turn();
  router_.check_waiting();
  carry_out_local();  // What settling gave rise to.
  // What an answer gives rise to, such as the storing of its idempotency key, is on its way to its
  // shard before the answer leaves: whoever has the answer meets it there.
  router_.send_answers();
  carry_out_local();
  router_.post_outbox();
  api_.flush();
  router_.end_turn();
}

void Shard::set_wake_timer() {
  std::uint64_t next = housekeeping_due_ms_;
  const auto consider = [&](std::optional<std::uint64_t> at) {
    if (at) next = std::min(next, *at);
  };
  consider(edge_.next_wake_ms());
  consider(api_.next_deadline());
  consider(router_.next_wake_ms());
  if (shards_.memory.shedding()) consider(shed_again_ms_);
  if (canary_->next_due_ms() != 0) consider(canary_->next_due_ms());
  if (next == wake_timer_at_) return;
  wake_timer_at_ = next;
  wake_timer_.set(next > now_ms_ ? next - now_ms_ : 0);
}

void Shard::keep_house() {
  // While draining there is none, and none is due: a due time in the past would keep the loop
  // awake.
  const bool draining = shards_.draining.load(std::memory_order_relaxed);
  canary_->run(now_ms_, draining ? 0 : config_->canary.interval_ms);
  if (now_ms_ < housekeeping_due_ms_) return;
  housekeeping_due_ms_ = now_ms_ + kHousekeepingMs;
  hub_.homes().expire(now_ms_);
  router_.expire_claims();
  api_.rest_parsers();
  edge_.rest_parsers();
  update_gauges();
  tell_largest_holder();
}

void Shard::update_gauges() {
  counters_.api_connections.set(api_.connections());
  counters_.channels.set(hub_.channels().size());
  counters_.subscriptions.set(hub_.channels().subscriptions());
  counters_.history_bytes.set(hub_.homes().history_size());
  counters_.fanouts_waiting.set(hub_.fanouts().waiting());
  counters_.users.set(hub_.members().users());
  counters_.api_open_requests.set(api_.open_requests());
  counters_.idempotency_bytes.set(router_.idempotency_bytes());
}

void Shard::configure(const Snapshot& snapshot) {
  config_ = snapshot.config;
  edge_.configure(config_, snapshot.public_tls);
  router_.configure(snapshot);
  api_.reload(config_, snapshot.api_tls);
}

void Shard::drain(bool now) {
  if (public_listener_) public_listener_->accept_last_and_close();
  edge_.drain(now ? 0 : config_->drain.window_ms, now ? 0 : config_->drain.reconnect_spread_ms);
  if (now) edge_.run_timers();
}

void Shard::stop() {
  edge_.end_turn();
  api_.stop_accepting();
  api_.flush();
  api_.close_idle();
  loop_.stop();
}

}  // namespace shard
