// From a push request to items on their home shards. A push is accepted whole or not at all.

#include <algorithm>
#include <utility>

#include "gateway/shard/router.h"

namespace shard {
namespace {

bool settles_at_once(const PushItem& item) {
  return (item.target == PushItem::Target::kUids || item.target == PushItem::Target::kConnection) &&
         item.wait < push::Wait::kWritten;
}

std::vector<std::uint64_t> sorted_ids(const std::vector<std::string_view>& texts) {
  std::vector<std::uint64_t> ids;
  for (const std::string_view text : texts) {
    if (const auto id = cross::parse_connection_id(text)) ids.push_back(id->value);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

PushItem::More& more_of(PushItem& item) {
  if (item.more == nullptr) item.more = std::make_unique<PushItem::More>();
  return *item.more;
}

}  // namespace

cross::MessageId Router::next_message_id() {
  return {(std::uint64_t{self_} << 56) | ++next_message_};
}

// Whether an item for this shard can be sent on its way.
bool Router::has_room(cross::ShardIndex home) const {
  return home == self_ ||
         (outbox_[home].items < kOutboxMax && outstanding_ < config_->hub.outstanding_max);
}

// Our own fan-outs may be full, too. Another shard's are not known here: what is sent there counts
// among our outstanding jobs until it is done, and that is its bound.
bool Router::has_room_for_fanout(cross::ShardIndex home) const {
  if (home != self_) return has_room(home);
  return held_publications_.empty() && !hub_.fanouts().full(fanouts_coming_);
}

// The clock is read for the first push of a turn: for the others, the latency that the metrics show
// includes what came before them.
std::uint64_t Router::accepted_ns() {
  if (accepted_ns_ == 0) accepted_ns_ = edge_.now_ns();
  return accepted_ns_;
}

cross::Message::Parts Router::parts_of(const push::PushRequest& request, cross::MessageId id) {
  return {.id = id,
          .kind = request.kind,
          .payload = request.payload,
          .conflate_key = request.conflate_key,
          .policy = request.policy,
          .fanout = request.all || !request.channels.empty(),
          .expires_ms = request.ttl_ms ? now_ms_ + std::max(*request.ttl_ms, 1U) : 0,
          .accepted_ns = accepted_ns()};
}

PushItem Router::make_item(const push::PushRequest& request, PushItem::Target target) const {
  PushItem item;
  item.target = target;
  item.wait = request.wait;
  item.storage = request.storage;
  if (request.wait >= push::Wait::kWritten) {
    const std::uint32_t timeout =
        std::min(request.timeout_ms.value_or(config_->api.wait_timeout_ms),
                 config_->api.wait_timeout_max_ms);
    item.wait_deadline_ms = now_ms_ + std::max(timeout, 1U);
  }
  if (!request.exclude.empty()) more_of(item).exclude = sorted_ids(request.exclude);
  return item;
}

// Jobs come back to the shard that made them: the next push finds their memory warm.
std::unique_ptr<PushJob> Router::take_push_job() {
  if (spare_jobs_.empty()) return std::make_unique<PushJob>();
  auto job = std::move(spare_jobs_.back());
  spare_jobs_.pop_back();
  return job;
}

void Router::give_back(std::unique_ptr<PushJob> job) {
  if (spare_jobs_.size() == kSpareJobsMax || job->items.capacity() > kJobItemsMax) return;
  job->items.clear();
  spare_jobs_.push_back(std::move(job));
}

void Router::send_item(cross::ShardIndex home, PushItem&& item) {
  Outbox& outbox = outbox_[home];
  PushJob* last = nullptr;
  if (!outbox.jobs.empty() && outbox.jobs.back()->kind == cross::Job::Kind::kPush) {
    last = static_cast<PushJob*>(outbox.jobs.back().get());
  }
  const bool at_once = settles_at_once(item);
  if (last == nullptr || !at_once || !last->settles_at_once || last->items.size() >= kJobItemsMax) {
    auto job = take_push_job();
    job->settles_at_once = at_once;
    last = job.get();
    send_job(home, std::move(job));
  }
  if (home == self_ && item.is_fanout()) ++fanouts_coming_;
  if (home != self_ && item.wait >= push::Wait::kWritten) ++waiting_elsewhere_;
  last->items.push_back(std::move(item));
  ++outbox.items;
}

void Router::send_part(cross::ShardIndex shard, PushItem&& part) {
  if (shard == self_) {
    send_item(shard, std::move(part));
    return;
  }
  if (part.wait >= push::Wait::kWritten) ++waiting_elsewhere_;
  auto job = std::make_unique<PushJob>();
  job->origin = self_;
  job->home = shard;
  job->settles_at_once = false;
  job->items.push_back(std::move(part));
  outbox_[shard].parts.push_back(std::move(job));
}

// wait=none: what it answers is known now.
void Router::reply_at_once(api::ReplyTo reply_to, cross::MessageId id) {
  api::PushResult result;
  result.id = id;
  push_answers_.emplace_back(reply_to, std::move(result));
}

api::Admission Router::push(const push::PushRequest& request, api::ReplyTo reply_to) {
  if (request.wait >= push::Wait::kWritten &&
      waiting_elsewhere_ >= config_->hub.outstanding_max / 4) {
    // Pushes that wait for receivers leave room for what is over at once.
    counters_.pushes_refused.add();
    return api::Admission::kRingFull;
  }
  if (shards_.memory.full()) {
    counters_.pushes_refused.add();
    return api::Admission::kMemoryFull;
  }
  const cross::MessageId id = next_message_id();
  api::Admission admission;
  if (!request.uids.empty()) {
    admission = push_to_uids(request, reply_to, id);
  } else if (!request.connection.empty()) {
    admission = push_to_connection(request, reply_to, id);
  } else if (!request.channels.empty()) {
    admission = push_to_channels(request, reply_to, id);
  } else {
    admission = push_to_all(request, reply_to, id);
  }
  if (admission != api::Admission::kAccepted) {
    counters_.pushes_refused.add();
    return admission;
  }
  counters_.pushes.add();
  if (request.wait == push::Wait::kNone) reply_at_once(reply_to, id);
  return admission;
}

api::Admission Router::push_to_uids(const push::PushRequest& request, api::ReplyTo reply_to,
                                    cross::MessageId id) {
  const bool told = request.wait != push::Wait::kNone;
  if (request.uids.size() == 1) {
    const std::uint64_t hash = cross::hash_of(request.uids.front());
    const cross::ShardIndex home = shards_.slots().home_of(hash);
    if (!has_room(home)) return api::Admission::kRingFull;
    PushItem item = make_item(request, PushItem::Target::kUids);
    item.name = request.uids.front();
    item.name_hash = hash;
    item.message = cross::Message::make(parts_of(request, id));
    if (told) item.reply_to = reply_to;
    send_item(home, std::move(item));
    return api::Admission::kAccepted;
  }
  std::vector<std::vector<std::string>> by_home(shards_.size());
  for (const std::string_view uid : request.uids) by_home[home_of(uid)].emplace_back(uid);
  for (auto& uids : by_home) {  // Who is named twice gets it once.
    std::sort(uids.begin(), uids.end());
    uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  }
  for (cross::ShardIndex home = 0; home < shards_.size(); ++home) {
    if (!by_home[home].empty() && !has_room(home)) return api::Admission::kRingFull;
  }
  Gather* gather = nullptr;
  if (told) {
    gather = new Gather{.reply_to = reply_to};
    gather->result.id = id;
    gathers_.insert(gather);
  }
  const cross::MessageRef message = cross::Message::make(parts_of(request, id));
  for (cross::ShardIndex home = 0; home < shards_.size(); ++home) {
    if (by_home[home].empty()) continue;
    PushItem item = make_item(request, PushItem::Target::kUids);
    more_of(item).uids = std::move(by_home[home]);
    item.message = message;
    item.gather = gather;
    if (gather != nullptr) ++gather->open;
    send_item(home, std::move(item));
  }
  return api::Admission::kAccepted;
}

api::Admission Router::push_to_connection(const push::PushRequest& request, api::ReplyTo reply_to,
                                          cross::MessageId id) {
  const auto connection = cross::parse_connection_id(request.connection);
  if (!connection || connection->shard() >= shards_.size()) {
    if (request.wait != push::Wait::kNone) reply_at_once(reply_to, id);  // Nobody has this id.
    return api::Admission::kAccepted;
  }
  if (!has_room(connection->shard())) return api::Admission::kRingFull;
  PushItem item = make_item(request, PushItem::Target::kConnection);
  item.connection = *connection;
  item.message = cross::Message::make(parts_of(request, id));
  if (request.wait != push::Wait::kNone) item.reply_to = reply_to;
  send_item(connection->shard(), std::move(item));
  return api::Admission::kAccepted;
}

api::Admission Router::push_to_channels(const push::PushRequest& request, api::ReplyTo reply_to,
                                        cross::MessageId id) {
  for (const std::string_view channel : request.channels) {
    if (!has_room_for_fanout(home_of(channel))) return api::Admission::kRingFull;
  }
  Gather* gather = nullptr;
  if (request.wait != push::Wait::kNone && request.channels.size() > 1) {
    gather = new Gather{.reply_to = reply_to};
    gather->result.id = id;
    gathers_.insert(gather);
  }
  for (const std::string_view channel : request.channels) {
    PushItem item = make_item(request, PushItem::Target::kPublish);
    item.name = channel;
    item.message = cross::Message::make(parts_of(request, id));  // Each gets its own offset.
    item.gather = gather;
    if (gather != nullptr) {
      ++gather->open;
    } else if (request.wait != push::Wait::kNone) {
      item.reply_to = reply_to;
    }
    send_item(home_of(channel), std::move(item));
  }
  return api::Admission::kAccepted;
}

api::Admission Router::push_to_all(const push::PushRequest& request, api::ReplyTo reply_to,
                                   cross::MessageId id) {
  std::uint16_t profile = hub::Fanouts::kEveryProfile;
  if (!request.profile.empty()) {
    const auto& profiles = config_->profiles;
    const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const auto& candidate) {
      return candidate.name == request.profile;
    });
    if (found == profiles.end()) {
      if (request.wait != push::Wait::kNone) reply_at_once(reply_to, id);  // It has no connections.
      return api::Admission::kAccepted;
    }
    profile = static_cast<std::uint16_t>(found - profiles.begin());
  }
  for (cross::ShardIndex home = 0; home < shards_.size(); ++home) {
    if (!has_room_for_fanout(home)) return api::Admission::kRingFull;
  }
  Gather* gather = nullptr;
  if (request.wait != push::Wait::kNone) {
    gather = new Gather{.open = shards_.size(), .reply_to = reply_to};
    gather->result.id = id;
    gathers_.insert(gather);
  }
  const cross::MessageRef message = cross::Message::make(parts_of(request, id));
  for (cross::ShardIndex home = 0; home < shards_.size(); ++home) {
    PushItem item = make_item(request, PushItem::Target::kAll);
    item.profile = profile;
    item.message = message;
    item.gather = gather;
    send_item(home, std::move(item));
  }
  return api::Admission::kAccepted;
}

bool Router::may_publish(std::string_view channel) const {
  if (shards_.memory.full()) return false;
  const cross::ShardIndex home = home_of(channel);
  if (home == self_) return has_room_for_fanout(self_);
  // Clients that flood a room leave half of everything to the API.
  return outbox_[home].items < kOutboxMax / 2 && outstanding_ < config_->hub.outstanding_max / 2;
}

void Router::publish(std::string_view channel, push::PayloadKind kind, std::string_view payload) {
  PushItem item;
  item.target = PushItem::Target::kPublish;
  item.wait = push::Wait::kNone;
  item.name = channel;
  item.message = cross::Message::make({.id = next_message_id(),
                                       .kind = kind,
                                       .payload = payload,
                                       .fanout = true,
                                       .accepted_ns = accepted_ns()});
  counters_.pushes.add();
  send_item(home_of(channel), std::move(item));
}

void Router::send_canary(cross::ShardIndex to, std::string_view payload) {
  PushItem item;
  item.target = PushItem::Target::kConnection;
  item.wait = push::Wait::kNone;
  item.connection = {shards_.canary(to).load(std::memory_order_acquire)};
  item.message = cross::Message::make({.kind = push::PayloadKind::kBinary, .payload = payload});
  counters_.canaries_sent.add();
  send_item(to, std::move(item));
}

}  // namespace shard
