// Publishes pushes to single uids over several connections: one request each, pipelined, or as
// batches. Every uid belongs to one connection, because only then is the order of its
// messages defined; the uids of a connection are visited in shuffled rounds.
//
// Owner: PublishTask, one per worker, for that worker's own clients.   Thread: its worker's.
// Bound: `outstanding` requests on each of `publishers` connections.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client/publish_connection.h"
#include "bench/load/options.h"
#include "bench/load/payload.h"
#include "bench/load/scenario/client_set.h"
#include "bench/load/scenario/control.h"
#include "bench/load/scenario/outcome.h"
#include "bench/load/scenario/schedule.h"

namespace load {

class TargetedSource final : private PublishConnection::Owner {
 public:
  TargetedSource(EventLoop& loop, const Setup& setup, Schedule schedule, Control& control,
                 Counters& counters, Outcome& outcome);

  // Once, when the clients are open: deals the uids out.
  void assign(std::deque<ClientSet::Member>& members);

  // From now on only so many pushes to each client. Without this call there is no end to them.
  void allow_each(std::uint64_t count);

  // Publishes what is due; returns when the next is due.
  std::int64_t turn(std::int64_t now);

 private:
  struct Request {
    std::int64_t due_ns;  // Of its first push.
    std::uint64_t push_count;
  };

  struct Publisher {
    std::unique_ptr<PublishConnection> connection;
    std::vector<ClientSet::Member*> members;
    std::size_t next_member = 0;
    std::uint64_t allowed = ~std::uint64_t{0};  // Pushes that may still be made.
    std::deque<Request> unanswered;             // In order, as the answers.
  };

  [[nodiscard]] std::int64_t next_due(std::int64_t start) const;
  void count_unsent();
  bool serve_publishers(std::int64_t start, std::int64_t now);
  std::size_t fill(Publisher& publisher, std::int64_t start, std::int64_t now);
  [[nodiscard]] std::size_t share_of_one(std::int64_t start, std::int64_t now) const;
  bool publish_one(Publisher& publisher, std::int64_t start, std::int64_t now);
  void stamp_next(Publisher& publisher, std::int64_t due_ns);
  void record_lateness(std::int64_t due_ns, std::int64_t now);
  Publisher& publisher_of(const PublishConnection& connection);
  void on_answer(PublishConnection& connection, bool accepted, std::string_view body) override;
  void on_lost(PublishConnection& connection) override;

  EventLoop& loop_;
  const Setup& setup_;
  Control& control_;
  Counters& counters_;
  Outcome& outcome_;
  Schedule schedule_;
  const std::size_t pushes_per_request_;
  std::deque<Publisher> publishers_;
  bool ended_ = false;
  bool some_closed_ = false;
  Punctuality punctuality_;
  std::size_t turn_of_ = 0;  // Publishers are served in turn.
  Payload payload_;
  std::string uid_;
};

}  // namespace load
