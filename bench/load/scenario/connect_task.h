// Connects, shakes hands, closes, over and over: `connections` slots, each busy with one connection
// at a time (closed loop), or handshakes begun at a fixed rate in whatever slot is free (open
// loop).
//
// Owner: Worker.   Thread: its worker's.   Bound: `connections` slots.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "bench/load/client/ws_client.h"
#include "bench/load/options.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/schedule.h"
#include "bench/load/scenario/task.h"

namespace load {

class ConnectTask final : public Task {
 public:
  struct Place {
    std::size_t worker;
    std::size_t slots;
  };

  ConnectTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
              Counters& counters);

  std::int64_t turn(std::int64_t now) override;
  [[nodiscard]] const Outcome& outcome() const override { return outcome_; }

 private:
  class Slot final : private WsClient::Owner {
   public:
    Slot(EventLoop& loop, ConnectTask& task) : client_(loop, *this), task_(task) {}
    void begin(std::int64_t due_ns);

   private:
    void on_open(WsClient& client) override;
    void on_message(WsClient& /*client*/, std::string_view /*payload*/) override {}
    void on_end(WsClient& client, WsClient::Ending ending) override;

    WsClient client_;
    ConnectTask& task_;
    std::int64_t due_ns_ = 0;
  };

  void count_unsent();

  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome outcome_;
  Schedule schedule_;
  std::string request_;
  std::string accept_;
  std::size_t next_source_;
  Inflater inflater_;  // Nothing is sent to these clients; it is only agreed on.
  std::deque<Slot> slots_;
  std::vector<Slot*> free_;
  bool announced_ = false;
  bool ended_ = false;
  Punctuality punctuality_;
};

}  // namespace load
