// Everything one core needs: a loop, an epoll set, a slice of the hub, the public edge, the API, an
// inbox. Nothing mutable is shared with other shards but what stands in gateway/cross/.
//
// Owner: main().   Thread: made, run and destroyed on its own; main() talks to it by jobs.
#pragma once

#include <cstdint>
#include <memory>

#include "gateway/api/server.h"
#include "gateway/config/config.h"
#include "gateway/cross/shard_set.h"
#include "gateway/edge/edge.h"
#include "gateway/hub/fanout_pace.h"
#include "gateway/hub/hub.h"
#include "gateway/loop/event_loop.h"
#include "gateway/loop/poller.h"
#include "gateway/net/listener.h"
#include "gateway/shard/canary.h"
#include "gateway/shard/router.h"
#include "gateway/shard/snapshot.h"

namespace shard {

class Shard final : public loop::PollSink, public Orders {
 public:
  struct Setup {
    cross::ShardIndex index = 0;
    cross::ShardSet* shards = nullptr;
    Snapshot snapshot;
    int public_socket = -1;  // Listening; the shard takes them over.
    int api_socket = -1;
    net::SendBatch::Mode send_mode = net::SendBatch::Mode::kPlain;
    std::function<void()> wake_main;
  };

  explicit Shard(const Setup& setup);
  ~Shard() override;

  // Until a StopJob comes. Other shards may still post to this one afterwards: it must live until
  // all of them have returned from run().
  void run();

  // --- loop::PollSink ---
  void on_ready(loop::PollKey key, loop::Readiness readiness) override;
  void on_woken() override { counters_.wakeups.add(); }

  // --- Orders ---
  void configure(const Snapshot& snapshot) override;
  void drain(bool now) override;
  void stop() override;

 private:
  static constexpr std::uint8_t kEdgeKind = 1;
  static constexpr std::uint8_t kApiKind = 2;
  static constexpr std::uint64_t kHousekeepingMs = 1'000;
  static constexpr std::uint64_t kShedIntervalMs = 20;  // What is let go of takes a while to go.

  bool turn();
  void carry_out_local();
  void run_fanouts();
  void let_leave();
  void refresh_time();
  void keep_house();
  void keep_memory();
  void tell_memory(std::int64_t step);
  void let_go();
  [[nodiscard]] std::uint64_t largest_elsewhere() const;
  void tell_largest_holder();
  void set_wake_timer();
  void update_gauges();

  const cross::ShardIndex index_;
  cross::ShardSet& shards_;
  cross::Inbox& inbox_;
  cross::Counters& counters_;
  std::shared_ptr<const config::Config> config_;
  loop::EventLoop loop_;
  loop::Timer wake_timer_;
  loop::Poller poller_;
  net::SendBatch sends_;
  hub::Hub hub_;
  edge::Edge edge_;  // The hub's transport: neither uses the other while it is made or destroyed.
  Router router_;
  api::ApiServer api_;
  std::unique_ptr<Canary> canary_;
  std::unique_ptr<net::Listener> public_listener_;
  std::unique_ptr<net::Listener> api_listener_;
  std::int64_t memory_told_ = 0;  // Of held_bytes(counters_), in the budget of all shards.
  std::uint64_t shed_again_ms_ = 0;
  std::uint64_t now_ms_ = 0;
  std::uint64_t wake_timer_at_ = 0;  // 0: not set.
  std::uint64_t housekeeping_due_ms_ = 0;
  hub::FanoutPace fanout_pace_;
  std::vector<void*> fanouts_done_;
};

}  // namespace shard
