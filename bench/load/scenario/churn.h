// Clients that come and go at a fixed rate, one after the other, beside those that stay: what
// `soak` uses to find what a server forgets to free. What they receive is checked for order, copies
// and damage, but nothing must reach them.
//
// Owner: PublishTask.   Thread: its worker's.   Bound: that of ClientSet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/load/options.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/schedule.h"

namespace load {

class Churn final : private ClientSet::Listener {
 public:
  struct Place {
    ClientSet::Place clients;
    ClientSet::Range range;
    Schedule schedule;
  };

  Churn(EventLoop& loop, const Setup& setup, Place place, Control& control, Counters& counters,
        Outcome& outcome);

  // Opens the clients; to be called until is_complete().
  void open(std::int64_t now) { clients_.turn(now); }
  [[nodiscard]] bool is_complete() const { return clients_.is_complete(); }

  // Drops whose turn has come, and opens them again; returns when the next is due.
  std::int64_t turn(std::int64_t now);

 private:
  void on_stamped(ClientSet::Member& /*member*/, const Stamp& /*stamp*/) override {}
  void count_unsent();

  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome& outcome_;
  ClientSet clients_;
  Schedule schedule_;
  std::size_t next_ = 0;  // Whose turn it is.
  Punctuality punctuality_;
  bool ended_ = false;
};

}  // namespace load
