// Publishes broadcasts over one connection (pipelined when several are outstanding, because
// only one connection gives broadcasts an order that can be checked) and follows each until every
// reading client of every worker has it.
//
// Owner: PublishTask of worker 0.   Thread: its worker's.   Bound: `outstanding` broadcasts in a
// closed loop, BroadcastBoard::kOutstandingMax in an open one.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/client/publish_connection.h"
#include "bench/load/options.h"
#include "bench/load/payload.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/schedule.h"

namespace load {

class BroadcastSource final : private PublishConnection::Owner {
 public:
  struct Pace {
    double rate;              // Per second; 0: closed loop.
    std::size_t outstanding;  // Of the closed loop.
  };

  BroadcastSource(EventLoop& loop, const Setup& setup, Pace pace, Control& control,
                  Counters& counters, Outcome& outcome);

  // From now on only so many broadcasts. Without this call there is no end to them.
  void allow(std::uint64_t count) { allowed_ = count; }

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
  void on_answer(PublishConnection& connection, bool accepted, std::string_view body) override;
  void on_lost(PublishConnection& connection) override;

  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome& outcome_;
  const std::unique_ptr<PublishConnection> connection_;
  const std::size_t outstanding_max_;
  Schedule schedule_;
  Payload payload_;
  std::uint64_t next_sequence_ = 0;
  bool ended_ = false;
  std::uint64_t allowed_ = ~std::uint64_t{0};  // Broadcasts that may still be made.
  std::deque<Broadcast> under_way_;            // In order; answers come in the same order.
};

}  // namespace load
