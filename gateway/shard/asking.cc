// The API's questions: which shards know the answer, the answer itself, and the sum of several.

#include <algorithm>
#include <type_traits>
#include <utility>

#include "gateway/shard/router.h"
#include "proto/base/assert.h"

namespace shard {
namespace {

api::ConnectionInfo describe(hub::Hub& hub, const edge::Edge& edge, hub::MemberIndex index,
                             std::uint64_t now_ms) {
  const hub::Member& member = hub.members()[index];
  const edge::Connection& connection = edge.connection(index);
  api::ConnectionInfo info;
  info.id = cross::to_string(hub.members().id_of(index));
  info.uid = member.uid.view();
  info.profile = edge.profile_name(member.profile);
  info.subprotocol = connection.protocol ? "dunlin.v1" : "";
  info.peer = net::to_string(connection.peer);
  info.age_ms = now_ms - connection.opened_ms;
  if (member.queue != nullptr) {
    info.queued_messages = member.queue->messages();
    info.queued_bytes = member.queue->size();
  }
  info.missed = member.missed;
  info.channels = hub.channels().channels_of(index);
  return info;
}

void add_count(std::vector<std::pair<std::string, std::uint32_t>>& counts, std::string_view uid,
               std::uint32_t count) {
  counts.emplace_back(uid, count);
}

// --- Sums of what several shards answered. ---

void merge_answer(api::OnlineAnswer& sum, api::OnlineAnswer& part) {
  std::move(part.online.begin(), part.online.end(), std::back_inserter(sum.online));
  std::move(part.offline.begin(), part.offline.end(), std::back_inserter(sum.offline));
}

void merge_answer(api::ChannelAnswer& sum, api::ChannelAnswer& part) {
  sum.channel = std::move(part.channel);
  sum.subscribers += part.subscribers;
  if (!part.epoch.empty()) {
    sum.epoch = std::move(part.epoch);
    sum.offset = part.offset;
    sum.history = part.history;
  }
}

void merge_answer(api::PresenceAnswer& sum, api::PresenceAnswer& part) {
  sum.channel = std::move(part.channel);
  std::move(part.users.begin(), part.users.end(), std::back_inserter(sum.users));
  sum.anonymous += part.anonymous;
}

// One shard answers anything else.
template <typename Answer>
void merge_answer(Answer& sum, Answer& part) {
  sum = std::move(part);
}

}  // namespace

std::vector<cross::ShardIndex> Router::homes_of(const api::Query& query) const {
  const auto everywhere = [&] {
    std::vector<cross::ShardIndex> all(shards_.size());
    for (cross::ShardIndex i = 0; i < shards_.size(); ++i) all[i] = i;
    return all;
  };
  return std::visit(
      [&](const auto& q) -> std::vector<cross::ShardIndex> {
        using Q = std::decay_t<decltype(q)>;
        if constexpr (std::is_same_v<Q, api::ConnectionQuery>) {
          return {q.id.shard() < shards_.size() ? q.id.shard() : self_};
        } else if constexpr (std::is_same_v<Q, api::KickQuery>) {
          if (!q.uid.empty()) return {home_of(q.uid)};
          return {q.connection.shard() < shards_.size() ? q.connection.shard() : self_};
        } else if constexpr (std::is_same_v<Q, api::UserQuery> ||
                             std::is_same_v<Q, api::SubscribeQuery>) {
          return {home_of(q.uid)};
        } else if constexpr (std::is_same_v<Q, api::HistoryQuery>) {
          return {home_of(q.channel)};
        } else if constexpr (std::is_same_v<Q, api::ClaimQuery> ||
                             std::is_same_v<Q, api::StoreQuery>) {
          return {home_of(q.key)};
        } else {
          return everywhere();  // Online, channel, presence.
        }
      },
      query);
}

api::Admission Router::ask(api::Query query, api::ReplyTo reply_to) {
  const std::vector<cross::ShardIndex> homes = homes_of(query);
  for (const cross::ShardIndex home : homes) {
    if (home != self_ &&
        (outbox_[home].jobs.size() >= kOutboxMax || outstanding_ >= config_->hub.outstanding_max)) {
      return api::Admission::kRingFull;
    }
  }
  auto* gather = new AskGather{
      .open = static_cast<std::uint32_t>(homes.size()), .reply_to = reply_to, .answer = {}};
  ask_gathers_.insert(gather);
  for (const cross::ShardIndex home : homes) {
    auto job = std::make_unique<AskJob>();
    job->gather = gather;
    if (auto* online = std::get_if<api::OnlineQuery>(&query)) {
      api::OnlineQuery part;
      std::copy_if(online->uids.begin(), online->uids.end(), std::back_inserter(part.uids),
                   [&](const std::string& uid) { return home_of(uid) == home; });
      job->query = std::move(part);
    } else {
      job->query = query;
    }
    send_job(home, std::move(job));
  }
  return api::Admission::kAccepted;
}

void Router::on_returned(AskJob& job) {
  AskGather& gather = *job.gather;
  std::visit(
      [&]<typename Part>(Part& part) {
        if (!std::holds_alternative<Part>(gather.answer)) gather.answer = Part{};
        merge_answer(std::get<Part>(gather.answer), part);
      },
      job.answer);
  if (--gather.open > 0) return;
  answers_.emplace_back(gather.reply_to, std::move(gather.answer));
  ask_gathers_.erase(&gather);
  delete &gather;
}

namespace {

// One function for each question, over what a shard knows.
struct Answerer {
  hub::Hub& hub;
  edge::Edge& edge;
  api::IdempotencyTable& idempotency;
  std::uint64_t now_ms;

  api::Answer operator()(const api::UserQuery& query) const {
    api::UserAnswer answer{.uid = query.uid, .connections = {}};
    for (auto i = hub.members().find(query.uid); i != hub::kNoMember;
         i = hub.members()[i].next_of_uid) {
      answer.connections.push_back(describe(hub, edge, i, now_ms));
    }
    return answer;
  }

  api::Answer operator()(const api::OnlineQuery& query) const {
    api::OnlineAnswer answer;
    for (const std::string& uid : query.uids) {
      const std::uint32_t count = hub.members().count(uid);
      if (count == 0) {
        answer.offline.push_back(uid);
      } else {
        add_count(answer.online, uid, count);
      }
    }
    return answer;
  }

  api::Answer operator()(const api::ConnectionQuery& query) const {
    const hub::MemberIndex index = hub.members().find(query.id);
    if (index == hub::kNoMember || hub.members()[index].internal) return api::ConnectionAnswer{};
    return api::ConnectionAnswer{describe(hub, edge, index, now_ms)};
  }

  api::Answer operator()(const api::KickQuery& query) const {
    std::vector<hub::MemberIndex> members;
    if (query.uid.empty()) {
      const hub::MemberIndex index = hub.members().find(query.connection);
      if (index != hub::kNoMember) members.push_back(index);
    } else {
      for (auto i = hub.members().find(query.uid); i != hub::kNoMember;
           i = hub.members()[i].next_of_uid) {
        members.push_back(i);
      }
    }
    api::KickAnswer answer;
    for (const hub::MemberIndex index : members) {
      if (hub.members()[index].internal) continue;
      if (edge.close(index, query.code, query.reason, cross::CloseCause::kKicked)) ++answer.closed;
    }
    return answer;
  }

  api::Answer operator()(const api::ChannelQuery& query) const {
    api::ChannelAnswer answer;
    answer.channel = query.channel;
    if (const hub::Channel* channel = hub.channels().find(query.channel)) {
      answer.subscribers = channel->count();
    }
    if (const hub::HomeChannel* home = hub.homes().find(query.channel)) {
      answer.epoch = home->epoch;
      answer.offset = home->offset;
      answer.history = static_cast<std::uint32_t>(home->history.size());
    }
    return answer;
  }

  api::Answer operator()(const api::PresenceQuery& query) const {
    api::PresenceAnswer answer;
    answer.channel = query.channel;
    const hub::Channel* channel = hub.channels().find(query.channel);
    if (channel == nullptr) return answer;
    std::vector<std::string_view> uids;
    for (const hub::MemberIndex entry : channel->subscribers) {
      if (entry == hub::kNoMember) continue;
      const std::string_view uid = hub.members()[entry & ~hub::kNewcomerBit].uid.view();
      if (uid.empty()) {
        ++answer.anonymous;
      } else {
        uids.push_back(uid);
      }
    }
    std::sort(uids.begin(), uids.end());
    for (std::size_t i = 0; i < uids.size();) {
      std::size_t end = i;
      while (end < uids.size() && uids[end] == uids[i]) ++end;
      add_count(answer.users, uids[i], static_cast<std::uint32_t>(end - i));
      i = end;
    }
    return answer;
  }

  api::Answer operator()(const api::HistoryQuery& query) const {
    api::HistoryAnswer answer;
    answer.channel = query.channel;
    const hub::HomeChannel* home = hub.homes().find(query.channel);
    if (home == nullptr) return answer;
    answer.epoch = home->epoch;
    answer.offset = home->offset;
    for (const auto& message : hub::ChannelHomes::since(*home, query.since, query.limit)) {
      answer.entries.push_back({.offset = message->offset(),
                                .id = cross::to_string(message->id()),
                                .kind = message->kind(),
                                .payload = std::string(message->payload())});
    }
    return answer;
  }

  api::Answer operator()(const api::ClaimQuery& query) const {
    return idempotency.claim(query.key, query.fingerprint, now_ms);
  }

  api::Answer operator()(const api::StoreQuery& query) const {
    idempotency.store(query.key, query.status, query.body);
    return api::StoreAnswer{};
  }

  api::Answer operator()(const api::SubscribeQuery& /*query*/) const {
    DUNLIN_ASSERT(!"answered by answer_subscribe()");
    return api::SubscribeAnswer{};
  }
};

}  // namespace

void Router::answer(AskJob& job) {
  if (std::holds_alternative<api::SubscribeQuery>(job.query)) return;  // It has its answer.
  job.answer = std::visit(Answerer{hub_, edge_, idempotency_, now_ms_}, job.query);
}

// Whether the answer is complete; else confirmations are awaited.
bool Router::answer_subscribe(AskJob& job) {
  const auto& query = std::get<api::SubscribeQuery>(job.query);
  auto& answer = job.answer.emplace<api::SubscribeAnswer>();
  for (auto i = hub_.members().find(query.uid); i != hub::kNoMember;
       i = hub_.members()[i].next_of_uid) {
    ++answer.connections;
    if (!query.subscribe) {
      if (hub_.unsubscribe(i, query.channel)) ++answer.changed;
      continue;
    }
    const hub::Subscriptions* present = hub_.members()[i].subscriptions;
    const auto& profile = config_->profiles[hub_.members()[i].profile];
    if (present != nullptr && present->list.size() >= profile.subscriptions_max) {
      answer.refused = true;
      continue;
    }
    hub::Channel& channel = hub_.channels().open(query.channel);
    if (!hub_.channels().subscribe(i, channel, /*pending=*/true)) {
      hub_.channels().subscription(i, channel)->revocable = false;  // No token is to end it now.
      continue;
    }
    ++answer.changed;
    ++job.open;
    auto interest = std::make_unique<InterestJob>();
    interest->channel = query.channel;
    interest->member = hub_.members().id_of(i);
    interest->serial = hub_.channels().subscription(i, channel)->serial;
    interest->ask = &job;
    send_job(home_of(query.channel), std::move(interest));
  }
  return job.open == 0;
}

}  // namespace shard
