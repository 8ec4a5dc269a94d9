// Gets what is asked on this shard to where it belongs, and the answers back. The API and the edge
// of a shard know it as their Dispatcher and Services.
//
//   push() ─> outbox[home] ─ post_outbox() ─> home's inbox ─> carry_out() ─> settle() ─┐
//     API  <─ answers_ <──────────── take_inbox() <──────── origin's inbox <───────────┘
//
// Everything for this shard itself takes the same way without the rings, after the inbox has been
// drained: so that what was accepted first, anywhere, is delivered first.
//
// Owner: Shard.   Thread: the shard's.   Bounds: outstanding_max jobs on other shards, kOutboxMax
// pushes that wait for a full inbox; more are refused.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/api/dispatcher.h"
#include "gateway/api/idempotency_table.h"
#include "gateway/config/config.h"
#include "gateway/cross/shard_set.h"
#include "gateway/edge/edge.h"
#include "gateway/edge/services.h"
#include "gateway/hub/hub.h"
#include "gateway/shard/other_jobs.h"
#include "gateway/shard/push_job.h"

namespace shard {

// What main() asks of a shard; carried out by Shard.
class Orders {
 public:
  virtual ~Orders() = default;
  virtual void configure(const Snapshot& snapshot) = 0;
  virtual void drain(bool now) = 0;
  virtual void stop() = 0;
};

class Router final : public api::Dispatcher, public edge::Services {
 public:
  Router(cross::ShardIndex self, cross::ShardSet& shards, hub::Hub& hub, edge::Edge& edge,
         Orders& orders);
  ~Router() override;

  void configure(const Snapshot& snapshot);
  void set_sink(api::ReplySink& sink) { sink_ = &sink; }
  // Wakes main(), which then looks at ShardSet::drain_requested. Callable from any thread.
  void set_wake_main(std::function<void()> wake) { wake_main_ = std::move(wake); }
  void begin_turn(std::uint64_t now_ms) { now_ms_ = now_ms; }
  void end_turn() { accepted_ns_ = 0; }

  // --- The steps of a turn, in this order. ---
  void take_inbox();
  void carry_out_local();
  void settle_executed();                          // After Delivery::flush().
  void on_fanouts_done(std::vector<void*>& done);  // After Fanouts::run().
  void check_waiting();
  void expire_claims() { idempotency_.expire(now_ms_); }
  void post_outbox();
  void send_answers();

  [[nodiscard]] bool has_local_work() const { return !outbox_[self_].jobs.empty(); }
  [[nodiscard]] bool has_answers() const { return !push_answers_.empty() || !answers_.empty(); }
  // When check_waiting() or another attempt at a full inbox is due; nothing if never.
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  // The end: whatever waits is answered as it stands, so that nothing is left under way here.
  void shut_down();

  // A push to the canary of another shard (or this one).
  void send_canary(cross::ShardIndex to, std::string_view payload);

  // --- api::Dispatcher ---
  api::Admission push(const push::PushRequest& request, api::ReplyTo reply_to) override;
  api::Admission ask(api::Query query, api::ReplyTo reply_to) override;
  std::string metrics_text() override;
  std::string stats_json() override;
  std::string memory_json() override;
  api::Readiness readiness() override;
  void start_drain() override;

  [[nodiscard]] std::size_t idempotency_bytes() const { return idempotency_.bytes(); }

  // --- edge::Services ---
  cross::ShardIndex home_of(std::string_view uid) const override;
  void move(cross::ShardIndex to, std::unique_ptr<edge::Moving> connection) override;
  bool may_publish(std::string_view channel) const override;
  void publish(std::string_view channel, push::PayloadKind kind, std::string_view payload) override;
  bool may_subscribe() const override;
  void confirm_subscription(cross::ConnectionId member, std::uint64_t request,
                            std::string_view channel, std::uint32_t serial,
                            std::optional<hub::Position> recover_from) override;
  bool take_connection() override;
  void give_back_connection() override;
  cross::ShardIndex shard_count() const override { return shards_.size(); }
  cross::ShardSet::ByAddress& by_address() override { return shards_.by_address; }
  bool draining() const override { return shards_.draining.load(std::memory_order_relaxed); }
  bool memory_full() const override { return shards_.memory.full(); }  // Also of api::Dispatcher.

 private:
  static constexpr std::size_t kOutboxMax = 1'024;
  static constexpr std::size_t kJobItemsMax = 256;
  static constexpr std::size_t kSpareJobsMax = 16;  // More than a busy turn makes; some 1 MiB.

  struct Outbox {
    std::deque<std::unique_ptr<cross::Job>> jobs;
    std::size_t items = 0;  // Pushes in them.
    // Connections on their way home: no job, and nothing that jobs wait for, holds them up.
    std::deque<std::unique_ptr<cross::Job>> moves;
    // Of publications. They never wait for room at their shard, while a publication waits at its
    // home for room for its parts: the half of outstanding_max that is theirs keeps two homes from
    // waiting for each other.
    std::deque<std::unique_ptr<cross::Job>> parts;
  };

  // push_routing.cc: from a request to items on their homes.
  [[nodiscard]] bool has_room(cross::ShardIndex home) const;
  [[nodiscard]] bool has_room_for_fanout(cross::ShardIndex home) const;
  [[nodiscard]] cross::Message::Parts parts_of(const push::PushRequest& request,
                                               cross::MessageId id);
  PushItem make_item(const push::PushRequest& request, PushItem::Target target) const;
  [[nodiscard]] std::unique_ptr<PushJob> take_push_job();
  void give_back(std::unique_ptr<PushJob> job);
  void send_item(cross::ShardIndex home, PushItem&& item);
  void send_part(cross::ShardIndex shard, PushItem&& part);
  void reply_at_once(api::ReplyTo reply_to, cross::MessageId id);
  api::Admission push_to_uids(const push::PushRequest& request, api::ReplyTo reply_to,
                              cross::MessageId id);
  api::Admission push_to_connection(const push::PushRequest& request, api::ReplyTo reply_to,
                                    cross::MessageId id);
  api::Admission push_to_channels(const push::PushRequest& request, api::ReplyTo reply_to,
                                  cross::MessageId id);
  api::Admission push_to_all(const push::PushRequest& request, api::ReplyTo reply_to,
                             cross::MessageId id);
  cross::MessageId next_message_id();
  [[nodiscard]] std::uint64_t accepted_ns();

  // push_execution.cc: items at home, and their results.
  void carry_out(PushJob& job);
  void carry_out(PushItem& item);
  void carry_out_uids(PushItem& item);
  [[nodiscard]] hub::ShardMask interested_in(std::string_view channel) const;
  [[nodiscard]] bool has_room_for_parts(const PushItem& item) const;
  void carry_out_publish(PushItem& item);
  void carry_out_held_publications();
  void publish_parts(PushItem& item);
  void start_fanout(PushItem& item);
  void executed(PushItem& item);
  void settle_or_wait(PushItem& item);
  void stop_waiting(PushItem& item, bool timed_out);
  void settle(PushItem& item);
  void return_job(std::unique_ptr<cross::Job> job);
  void on_returned(PushJob& job);
  void on_returned(InterestJob& job);
  void on_returned(AskJob& job);
  void merge(Gather& gather, PushItem& item);
  static api::PushResult result_of(PushItem& item);

  // asking.cc: questions.
  [[nodiscard]] std::vector<cross::ShardIndex> homes_of(const api::Query& query) const;
  void answer(AskJob& job);
  bool answer_subscribe(AskJob& job);

  // interest.cc
  void register_interest(InterestJob& job);
  void end_abandoned_interest();

  void carry_out_job(std::unique_ptr<cross::Job> job);
  void on_reply(std::unique_ptr<cross::Job> job);
  void send_job(cross::ShardIndex home, std::unique_ptr<cross::Job> job);
  bool post_front(cross::ShardIndex home, std::deque<std::unique_ptr<cross::Job>>& jobs,
                  std::size_t outstanding_max);

  const cross::ShardIndex self_;
  cross::ShardSet& shards_;
  cross::Counters& counters_;
  hub::Hub& hub_;
  edge::Edge& edge_;
  Orders& orders_;
  api::ReplySink* sink_ = nullptr;
  std::function<void()> wake_main_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const observe::CertificateEnds> certificate_ends_;
  api::IdempotencyTable idempotency_;
  std::uint64_t now_ms_ = 0;
  std::uint64_t accepted_ns_ = 0;  // Of this turn's pushes; 0: there was none yet.
  std::uint64_t next_message_ = 0;

  std::vector<Outbox> outbox_;         // By home; our own is carried out locally.
  std::size_t outstanding_ = 0;        // Jobs on other shards that will come back.
  std::size_t waiting_elsewhere_ = 0;  // Of those, pushes that wait for their receivers.
  std::uint32_t fanouts_coming_ = 0;   // Pushes to many that we have sent to ourselves.
  // Publications that came when there was no room for their parts. Their jobs stay under way, so
  // that their origins accept no more: the bound is the outstanding_max of each.
  std::deque<PushItem*> held_publications_;
  std::vector<PushItem*> executed_;
  std::vector<PushItem*> settling_;  // The executed_ of one call; keeps its memory.
  std::vector<std::unique_ptr<PushJob>> spare_jobs_;
  std::set<std::pair<std::uint64_t, PushItem*>> waiting_;  // For their watches; by deadline.
  boost::unordered_flat_set<Gather*> gathers_;             // Ours, while parts are under way.
  boost::unordered_flat_set<AskGather*> ask_gathers_;
  boost::unordered_flat_set<AskJob*> subscribing_;  // Questions that wait for confirmations.
  std::vector<std::pair<api::ReplyTo, api::PushResult>> push_answers_;
  std::vector<std::pair<api::ReplyTo, api::PushResult>> push_answers_leaving_;  // Keeps its memory.
  std::vector<std::pair<api::ReplyTo, api::Answer>> answers_;
};

}  // namespace shard
