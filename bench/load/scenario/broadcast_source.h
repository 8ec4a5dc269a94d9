// Publishes broadcasts over one HTTP connection (pipelined when several are outstanding, because
// only one connection gives broadcasts an order that can be checked) and follows each until every
// reading client of every worker has it.
//
// Owner: PublishTask of worker 0.   Thread: its worker's.   Bound: `outstanding` broadcasts in a
// closed loop, BroadcastBoard::kOutstandingMax in an open one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "bench/load/client/http_client.h"
#include "bench/load/options.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/schedule.h"
#include "bench/load/target/publish_request.h"

namespace load {

class BroadcastSource final : private HttpClient::Owner {
 public:
  struct Pace {
    double rate;              // Per second; 0: closed loop.
    std::size_t outstanding;  // Of the closed loop.
  };

  BroadcastSource(EventLoop& loop, const Setup& setup, Pace pace, Control& control,
                  Counters& counters, Outcome& outcome);

  // Retires what has arrived, publishes what is due; returns when the next is due.
  std::int64_t turn(std::int64_t now);

 private:
  struct Broadcast {
    std::uint64_t sequence;
    std::int64_t due_ns;
    std::int64_t sent_ns;
    bool answered;
  };

  void count_unsent();
  void retire(std::int64_t now);
  void publish(std::int64_t due_ns, std::int64_t now);
  void record(Histogram& histogram, const Broadcast& broadcast, std::int64_t now) const;
  void on_answer(HttpClient& client, unsigned status, std::string_view body) override;
  void on_lost(HttpClient& client) override;

  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome& outcome_;
  HttpClient http_;
  PublishRequest request_;
  const std::size_t outstanding_max_;
  Schedule schedule_;
  std::string payload_;
  std::uint64_t next_sequence_ = 0;
  bool ended_ = false;
  std::deque<Broadcast> under_way_;  // In order; answers come in the same order.
};

}  // namespace load
