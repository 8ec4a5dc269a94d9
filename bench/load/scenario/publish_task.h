// Clients that receive, and whatever is published to them: nothing (hold), broadcasts (fanout),
// targeted pushes (push), or both (mixed, soak, and one of each at a time in reconnect). Some of
// them, or all, may leave and come back.
//
// Owner: Worker.   Thread: its worker's.   Bound: that of its parts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/load/scenario/broadcast_source.h"
#include "bench/load/scenario/churn.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/reconnect.h"
#include "bench/load/scenario/targeted_source.h"
#include "bench/load/scenario/task.h"

namespace load {

class PublishTask final : public Task, private ClientSet::Listener {
 public:
  struct Place {
    std::size_t worker;  // 0 publishes the broadcasts.
    ClientSet::Range clients;
    ClientSet::Range churn;
  };

  PublishTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
              Counters& counters);

  std::int64_t turn(std::int64_t now) override;
  [[nodiscard]] const Outcome& outcome() const override { return outcome_; }

 private:
  // How many of this worker's clients have a broadcast; its number, because cells are used again.
  struct Tally {
    std::uint64_t sequence = ~std::uint64_t{0};
    std::size_t count = 0;
  };

  void add_sources(const Setup& setup, Place place, Counters& counters);
  void add_comings_and_goings(const Setup& setup, Place place, Counters& counters);
  std::int64_t open_clients(std::int64_t now);
  void call_roll();
  void record_arrival(bool broadcast, std::int64_t due_ns);
  void on_stamped(ClientSet::Member& member, const Stamp& stamp) override;
  void count_broadcast(std::uint64_t sequence);

  EventLoop& loop_;
  Control& control_;
  Outcome outcome_;
  ClientSet clients_;
  std::optional<BroadcastSource> broadcasts_;
  std::optional<TargetedSource> pushes_;
  std::optional<Churn> churn_;
  std::optional<Reconnect> reconnect_;
  std::array<Tally, BroadcastBoard::kOutstandingMax> tallies_{};
  bool open_ = false;
};

}  // namespace load
