// Items on the shard where they belong, and what becomes of them.
//
//   carry_out ─┬─ uids, connection ──────────────> executed_ ─ flush ─┐
//              ├─ publish: offset, history, parts                     ├─> settle, or wait
//              └─ subscribers, all ─> Fanouts ─ sweep done ───────────┘

#include <algorithm>
#include <utility>

#include "gateway/shard/router.h"
#include "proto/base/assert.h"

namespace shard {

// In two steps ahead of each push, the memory it will look at is asked for: with many users nothing
// of it is in a cache.
void Router::carry_out(PushJob& job) {
  constexpr std::size_t kEntryAhead = 8;
  constexpr std::size_t kMemberAhead = 4;
  const hub::MemberTable& members = hub_.members();
  job.open = static_cast<std::uint32_t>(job.items.size());
  for (std::size_t i = 0; i < job.items.size(); ++i) {
    if (i + kEntryAhead < job.items.size()) {
      members.prefetch_entry(job.items[i + kEntryAhead].name_hash);
    }
    if (i + kMemberAhead < job.items.size()) {
      members.prefetch_member(job.items[i + kMemberAhead].name_hash);
    }
    job.items[i].job = &job;
    carry_out(job.items[i]);
  }
}

void Router::carry_out(PushItem& item) {
  if (item.is_fanout() && item.job->origin == self_) --fanouts_coming_;
  if (item.wait >= push::Wait::kWritten && item.target != PushItem::Target::kPublish) {
    item.watch = hub_.watches().open(item.receipt, &item, item.message->id(),
                                     item.wait == push::Wait::kAcked);
  }
  switch (item.target) {
    case PushItem::Target::kUids:
      carry_out_uids(item);
      break;
    case PushItem::Target::kConnection:
      hub_.push_to_connection(item.connection, item.message, item.receipt, item.watch);
      executed(item);
      break;
    case PushItem::Target::kPublish:
      carry_out_publish(item);
      break;
    case PushItem::Target::kSubscribers:
    case PushItem::Target::kAll:
      start_fanout(item);
      break;
  }
}

void Router::carry_out_uids(PushItem& item) {
  if (item.more == nullptr) {
    item.offline =
        !hub_.push_to_uid(item.name, item.name_hash, item.message, item.receipt, item.watch);
    if (item.offline) counters_.offline.add();
    executed(item);
    return;
  }
  const auto push_to = [&](const std::string& uid) {
    if (hub_.push_to_uid(uid, cross::hash_of(uid), item.message, item.receipt, item.watch,
                         item.more->exclude)) {
      return;
    }
    item.more->offline.push_back(uid);
    counters_.offline.add();
  };
  if (item.more->uids.empty()) push_to(item.name);
  for (const std::string& uid : item.more->uids) push_to(uid);
  executed(item);
}

hub::ShardMask Router::interested_in(std::string_view channel) const {
  const hub::HomeChannel* home = hub_.homes().find(channel);
  return home == nullptr ? hub::ShardMask() : home->interested;
}

// Whether every part of a publication can be sent on its way. Our own pushes have their place among
// our fan-outs already.
bool Router::has_room_for_parts(const PushItem& item) const {
  const hub::ShardMask interested = interested_in(item.name);
  for (cross::ShardIndex shard = 0; shard < shards_.size(); ++shard) {
    if (!interested.test(shard)) continue;
    if (shard != self_) {
      if (outbox_[shard].parts.size() >= kOutboxMax) return false;
    } else if (item.job->origin != self_ && hub_.fanouts().full(fanouts_coming_)) {
      return false;
    }
  }
  return true;
}

void Router::carry_out_publish(PushItem& item) {
  // What has been accepted waits, and what comes after it waits behind it.
  if (!held_publications_.empty() || !has_room_for_parts(item)) {
    held_publications_.push_back(&item);
  } else {
    publish_parts(item);
  }
}

void Router::carry_out_held_publications() {
  while (!held_publications_.empty() && has_room_for_parts(*held_publications_.front())) {
    PushItem& item = *held_publications_.front();
    held_publications_.pop_front();
    publish_parts(item);
  }
}

void Router::publish_parts(PushItem& item) {
  const hub::ShardMask interested = interested_in(item.name);
  if (!item.refused && item.storage == push::StorageClass::kStored) {
    hub::HomeChannel* channel = hub_.homes().open(item.name);
    if (channel == nullptr) {
      item.refused = true;
    } else {
      hub_.homes().store(*channel, item.message, now_ms_);
    }
  } else if (!item.refused) {
    item.message.unshared().set_position(item.name, 0);
  }
  if (item.refused || interested.none()) {
    if (item.refused && item.gather == nullptr && !item.reply_to) {
      counters_.drops[cross::DropCause::kRingFull].add();  // Nobody is told.
    }
    executed(item);
    return;
  }
  // The publication's parts come back here; then it is settled.
  auto* gather =
      new Gather{.open = static_cast<std::uint32_t>(interested.count()), .parent = &item};
  gathers_.insert(gather);
  for (cross::ShardIndex shard = 0; shard < shards_.size(); ++shard) {
    if (!interested.test(shard)) continue;
    PushItem part;
    part.target = PushItem::Target::kSubscribers;
    part.wait = item.wait;
    part.wait_deadline_ms = item.wait_deadline_ms;
    part.name = item.name;
    part.message = item.message;
    part.gather = gather;
    if (item.more != nullptr) {
      part.more = std::make_unique<PushItem::More>();
      part.more->exclude = item.more->exclude;
    }
    send_part(shard, std::move(part));
  }
}

void Router::start_fanout(PushItem& item) {
  hub::Channel* channel = nullptr;
  if (item.target == PushItem::Target::kSubscribers) {
    channel = hub_.channels().find(item.name);
    if (channel == nullptr || channel->count() == 0) {
      executed(item);
      return;
    }
  }
  hub::FanoutMessage fanout{.message = item.message,
                            .receipt = &item.receipt,
                            .watch = item.watch,
                            .exclude = {},
                            .owner = &item};
  if (item.more != nullptr) fanout.exclude = item.more->exclude;
  if (channel != nullptr) {
    hub_.fanouts().to_channel(*channel, std::move(fanout));
  } else {
    hub_.fanouts().to_all(item.profile, std::move(fanout));
  }
}

// Its receipt is final after the next flush.
void Router::executed(PushItem& item) { executed_.push_back(&item); }

void Router::settle_executed() {
  // Settling can make a publication's parent settle, never anything executed.
  settling_.swap(executed_);
  for (PushItem* item : settling_) settle_or_wait(*item);
  settling_.clear();
}

void Router::on_fanouts_done(std::vector<void*>& done) {
  for (void* owner : done) settle_or_wait(*static_cast<PushItem*>(owner));
  done.clear();
}

void Router::settle_or_wait(PushItem& item) {
  if (item.watch == nullptr) {
    settle(item);
  } else if (hub::Watches::done(*item.watch)) {
    hub_.watches().let_go(std::exchange(item.watch, nullptr));
    settle(item);
  } else {
    waiting_.emplace(item.wait_deadline_ms, &item);
  }
}

void Router::check_waiting() {
  for (hub::Watch* watch : hub_.watches().take_finished()) {
    auto& item = *static_cast<PushItem*>(watch->owner);
    // A fan-out that is still being swept is not waiting yet: it looks for itself at its end.
    if (waiting_.contains({item.wait_deadline_ms, &item})) stop_waiting(item, false);
  }
  while (!waiting_.empty() && waiting_.begin()->first <= now_ms_) {
    stop_waiting(*waiting_.begin()->second, true);
  }
}

void Router::stop_waiting(PushItem& item, bool timed_out) {
  waiting_.erase({item.wait_deadline_ms, &item});
  hub_.watches().let_go(std::exchange(item.watch, nullptr));
  item.timed_out = timed_out;
  settle(item);
}

void Router::settle(PushItem& item) {
  PushJob* job = item.job;
  if (--job->open == 0) return_job(std::unique_ptr<cross::Job>(job));
}

void Router::on_returned(PushJob& job) {
  for (PushItem& item : job.items) {
    if (item.gather != nullptr) {
      merge(*item.gather, item);
    } else if (item.reply_to) {
      push_answers_.emplace_back(*item.reply_to, result_of(item));
    }
    if (job.home != self_ && item.wait >= push::Wait::kWritten) --waiting_elsewhere_;
  }
}

api::PushResult Router::result_of(PushItem& item) {
  api::PushResult result;
  result.id = item.message->id();
  result.complete = !item.refused && !item.timed_out;
  result.refused = item.refused;
  result.receipt = item.receipt;
  if (item.more != nullptr) result.offline = std::move(item.more->offline);
  if (item.offline) result.offline.push_back(std::move(item.name));
  return result;
}

void Router::merge(Gather& gather, PushItem& item) {
  api::PushResult part = result_of(item);
  gather.result.receipt += part.receipt;
  gather.result.complete = gather.result.complete && part.complete;
  std::move(part.offline.begin(), part.offline.end(), std::back_inserter(gather.result.offline));
  if (--gather.open > 0) return;
  if (PushItem* parent = gather.parent) {
    parent->receipt = gather.result.receipt;
    parent->timed_out = !gather.result.complete;
    settle(*parent);
  } else if (gather.reply_to) {
    push_answers_.emplace_back(*gather.reply_to, std::move(gather.result));
  }
  gathers_.erase(&gather);
  delete &gather;
}

}  // namespace shard
