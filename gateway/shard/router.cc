// The turn's steps that move jobs between shards.

#include "gateway/shard/router.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "proto/base/assert.h"

namespace shard {
namespace {

// How soon a full inbox is tried again.
constexpr std::uint64_t kRetryMs = 1;

bool comes_back(const cross::Job& job) {
  switch (job.kind) {
    case cross::Job::Kind::kPush:
    case cross::Job::Kind::kAsk:
      return true;
    case cross::Job::Kind::kInterest:
      return !static_cast<const InterestJob&>(job).end;
    case cross::Job::Kind::kMove:
    case cross::Job::Kind::kConfigure:
    case cross::Job::Kind::kDrain:
    case cross::Job::Kind::kStop:
      break;
  }
  return false;
}

}  // namespace

MoveJob::~MoveJob() {
  if (connection != nullptr) ::close(connection->fd);
}

Router::Router(cross::ShardIndex self, cross::ShardSet& shards, hub::Hub& hub, edge::Edge& edge,
               Orders& orders)
    : self_(self),
      shards_(shards),
      counters_(shards.counters(self)),
      hub_(hub),
      edge_(edge),
      orders_(orders),
      idempotency_({}),
      outbox_(shards.size()) {}

Router::~Router() {
  for (Gather* gather : gathers_) delete gather;
  for (AskGather* gather : ask_gathers_) delete gather;
  for (AskJob* job : subscribing_) delete job;
}

void Router::configure(const Snapshot& snapshot) {
  config_ = snapshot.config;
  certificate_ends_ = snapshot.certificate_ends;
  idempotency_.set_limits(
      {.keys_max = config_->api.idempotency_keys_max, .ttl_ms = config_->api.idempotency_ttl_ms});
  hub_.homes().set_limits({.channels_max = config_->hub.channels_max,
                           .messages_max = config_->hub.history_messages,
                           .size_max = config_->hub.history_size,
                           .total_size_max = config_->hub.history_total_size,
                           .ttl_ms = config_->hub.history_ttl_ms});
  // Profiles' channels may have subscribers on every shard at any time: no shard has to announce
  // its first one, and a connection is subscribed the moment it is open.
  const auto permanent = [&](const std::string& channel) {
    if (channel.empty() || home_of(channel) != self_) return;
    if (hub::HomeChannel* home = hub_.homes().open(channel)) {
      for (cross::ShardIndex i = 0; i < shards_.size(); ++i) hub_.homes().add_interest(*home, i);
    }
  };
  for (const config::Profile& profile : config_->profiles) {
    permanent(profile.room);
    for (const std::string& channel : profile.channels) permanent(channel);
  }
}

void Router::send_job(cross::ShardIndex home, std::unique_ptr<cross::Job> job) {
  job->origin = self_;
  job->home = home;
  outbox_[home].jobs.push_back(std::move(job));
}

// A home confirms a subscription at once, and posts what it publishes at the end of its turn: here
// the subscription is confirmed before anything newer than its start is delivered.
void Router::take_inbox() {
  shards_.inbox(self_).drain(
      [this](cross::Job* job) {
        --outstanding_;
        on_reply(std::unique_ptr<cross::Job>(job));
      },
      [this](cross::Job* job) { carry_out_job(std::unique_ptr<cross::Job>(job)); });
}

void Router::carry_out_local() {
  carry_out_held_publications();
  Outbox& local = outbox_[self_];
  while (!local.jobs.empty()) {
    std::unique_ptr<cross::Job> job = std::move(local.jobs.front());
    local.jobs.pop_front();
    carry_out_job(std::move(job));
  }
  local.items = 0;
  end_abandoned_interest();
}

void Router::carry_out_job(std::unique_ptr<cross::Job> job) {
  switch (job->kind) {
    case cross::Job::Kind::kPush:
      // Comes back through settle(), when the last item is settled.
      carry_out(static_cast<PushJob&>(*job.release()));
      break;
    case cross::Job::Kind::kAsk: {
      auto& ask = static_cast<AskJob&>(*job);
      if (std::holds_alternative<api::SubscribeQuery>(ask.query) && !answer_subscribe(ask)) {
        subscribing_.insert(static_cast<AskJob*>(job.release()));  // Confirmations are under way.
        break;
      }
      answer(ask);
      return_job(std::move(job));
      break;
    }
    case cross::Job::Kind::kInterest: {
      auto& interest = static_cast<InterestJob&>(*job);
      if (interest.end) {
        hub_.homes().end_interest(interest.channel, interest.origin);
        break;
      }
      register_interest(interest);
      return_job(std::move(job));
      break;
    }
    case cross::Job::Kind::kMove:
      edge_.admit(std::move(*std::exchange(static_cast<MoveJob&>(*job).connection, nullptr)));
      break;
    case cross::Job::Kind::kConfigure:
      orders_.configure(static_cast<ConfigureJob&>(*job).snapshot);
      break;
    case cross::Job::Kind::kDrain:
      orders_.drain(static_cast<DrainJob&>(*job).now);
      break;
    case cross::Job::Kind::kStop:
      orders_.stop();
      break;
  }
}

void Router::return_job(std::unique_ptr<cross::Job> job) {
  if (job->origin == self_) {
    on_reply(std::move(job));
  } else {
    cross::Inbox& inbox = shards_.inbox(job->origin);
    inbox.post_reply(job.release());
  }
}

void Router::on_reply(std::unique_ptr<cross::Job> job) {
  switch (job->kind) {
    case cross::Job::Kind::kPush: {
      std::unique_ptr<PushJob> push(static_cast<PushJob*>(job.release()));
      on_returned(*push);
      give_back(std::move(push));
      break;
    }
    case cross::Job::Kind::kAsk:
      on_returned(static_cast<AskJob&>(*job));
      break;
    case cross::Job::Kind::kInterest:
      on_returned(static_cast<InterestJob&>(*job));
      break;
    case cross::Job::Kind::kMove:
    case cross::Job::Kind::kConfigure:
    case cross::Job::Kind::kDrain:
    case cross::Job::Kind::kStop:
      DUNLIN_ASSERT(!"one-way jobs do not come back");
      break;
  }
}

void Router::post_outbox() {
  const std::size_t outstanding_max = config_->hub.outstanding_max;
  for (cross::ShardIndex home = 0; home < shards_.size(); ++home) {
    if (home == self_) continue;
    Outbox& outbox = outbox_[home];
    while (post_front(home, outbox.moves, outstanding_max)) {
    }
    while (post_front(home, outbox.parts, outstanding_max)) {
    }
    std::size_t items = 0;
    do {
      outbox.items -= items;
      const bool pushes =
          !outbox.jobs.empty() && outbox.jobs.front()->kind == cross::Job::Kind::kPush;
      items = pushes ? static_cast<PushJob&>(*outbox.jobs.front()).items.size() : 0;
    } while (post_front(home, outbox.jobs, outstanding_max / 2));
  }
}

// Hands over the first job, if there is one, its home has room, and we may have one more under way.
bool Router::post_front(cross::ShardIndex home, std::deque<std::unique_ptr<cross::Job>>& jobs,
                        std::size_t outstanding_max) {
  if (jobs.empty()) return false;
  const bool two_way = comes_back(*jobs.front());
  if (two_way && outstanding_ >= outstanding_max) return false;
  if (!shards_.inbox(home).post(jobs.front().get())) {
    counters_.inbox_full.add();
    return false;
  }
  [[maybe_unused]] auto* posted = jobs.front().release();  // The other shard owns it now.
  jobs.pop_front();
  if (two_way) ++outstanding_;
  return true;
}

std::optional<std::uint64_t> Router::next_wake_ms() const {
  std::optional<std::uint64_t> next;
  const auto consider = [&](std::uint64_t at) { next = next ? std::min(*next, at) : at; };
  for (const Outbox& outbox : outbox_) {
    if (!outbox.jobs.empty() || !outbox.moves.empty() || !outbox.parts.empty()) {
      consider(now_ms_ + kRetryMs);
    }
  }
  if (!waiting_.empty()) consider(waiting_.begin()->first);
  return next;
}

void Router::send_answers() {
  // An answer may give rise to others; those are the next call's.
  push_answers_leaving_.swap(push_answers_);
  for (auto& [reply_to, result] : push_answers_leaving_) {
    sink_->on_push_done(reply_to, std::move(result));
  }
  push_answers_leaving_.clear();
  for (auto& [reply_to, answer] : std::exchange(answers_, {})) {
    sink_->on_answer(reply_to, std::move(answer));
  }
}

void Router::shut_down() {
  take_inbox();
  carry_out_local();
  for (PushItem* item : std::exchange(held_publications_, {})) {
    item->refused = true;
    counters_.drops[cross::DropCause::kRingFull].add();
    executed(*item);
  }
  hub_.delivery().flush();
  settle_executed();
  std::vector<void*> done;
  while (hub_.fanouts().any()) hub_.fanouts().run(4'096, done);
  on_fanouts_done(done);
  check_waiting();
  while (!waiting_.empty()) stop_waiting(*waiting_.begin()->second, /*timed_out=*/true);
}

cross::ShardIndex Router::home_of(std::string_view uid) const {
  return shards_.slots().home_of(uid);
}

void Router::move(cross::ShardIndex to, std::unique_ptr<edge::Moving> connection) {
  auto job = std::make_unique<MoveJob>(std::move(connection));
  job->origin = self_;
  job->home = to;
  outbox_[to].moves.push_back(std::move(job));
}

bool Router::take_connection() {
  const std::uint32_t before = shards_.connections.fetch_add(1, std::memory_order_relaxed);
  if (before < config_->public_.connections_max) return true;
  give_back_connection();
  return false;
}

void Router::give_back_connection() { shards_.connections.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace shard
