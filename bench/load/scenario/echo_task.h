// Clients that send and want the same back: `outstanding` messages each in a closed loop, or a
// fixed rate over all of them in an open loop.
//
// Owner: Worker.   Thread: its worker's.   Bound: that of ClientSet.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/payload.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/schedule.h"
#include "bench/load/scenario/task.h"

namespace load {

class EchoTask final : public Task, private ClientSet::Listener {
 public:
  struct Place {
    std::size_t worker;
    ClientSet::Range clients;
  };

  EchoTask(EventLoop& loop, const Setup& setup, Place place, Control& control, Counters& counters);

  std::int64_t turn(std::int64_t now) override;
  [[nodiscard]] const Outcome& outcome() const override { return outcome_; }

 private:
  std::int64_t open_clients(std::int64_t now);
  void begin_closed_loop(std::int64_t now);
  std::int64_t send_due(std::int64_t start, std::int64_t now);
  void queue_one(ClientSet::Member& member, std::int64_t due_ns);
  void on_stamped(ClientSet::Member& member, const Stamp& stamp) override;

  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome outcome_;
  const Template path_;
  const Template no_login_;
  ClientSet clients_;
  Schedule schedule_;
  Payload payload_;
  std::size_t next_member_ = 0;
  bool open_ = false;
  bool begun_ = false;
};

}  // namespace load
