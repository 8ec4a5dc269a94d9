// Which shards want a channel's publications, and how a new subscriber learns where it starts:
// it is subscribed, pending, before its home is asked, so that nothing can fall between.

#include <algorithm>
#include <utility>

#include "gateway/shard/router.h"

namespace shard {

void Router::confirm_subscription(cross::ConnectionId member, std::uint64_t request,
                                  std::string_view channel, std::uint32_t serial,
                                  std::optional<hub::Position> recover_from) {
  auto job = std::make_unique<InterestJob>();
  job->channel = channel;
  job->recover_from = std::move(recover_from);
  job->member = member;
  job->request = request;
  job->serial = serial;
  send_job(home_of(channel), std::move(job));
}

// Clients can ask faster than a channel's home confirms.
bool Router::may_subscribe() const {
  return std::all_of(outbox_.begin(), outbox_.end(),
                     [](const Outbox& outbox) { return outbox.jobs.size() < kOutboxMax; });
}

void Router::register_interest(InterestJob& job) {
  hub::HomeChannel* channel = hub_.homes().open(job.channel);
  if (channel == nullptr) {
    job.refused = true;
    return;
  }
  hub_.homes().add_interest(*channel, job.origin);
  job.recovery = hub::ChannelHomes::recover(*channel, job.recover_from);
}

void Router::on_returned(InterestJob& job) {
  if (AskJob* ask = job.ask) {
    auto& answer = std::get<api::SubscribeAnswer>(ask->answer);
    answer.refused = answer.refused || job.refused;
    edge_.confirm_from_server(job.member, job.channel, job.serial, job.recovery.position.offset,
                              !job.refused);
    if (--ask->open == 0) {
      subscribing_.erase(ask);
      return_job(std::unique_ptr<cross::Job>(ask));
    }
    return;
  }
  if (job.refused) {
    edge_.on_subscribe_refused(job.member, job.request, job.channel, job.serial);
  } else {
    edge_.on_subscribed(job.member, job.request, job.channel, job.serial,
                        job.recover_from.has_value(), std::move(job.recovery));
  }
}

// Channels whose last subscriber here is gone. One may have come back since: then nothing is said.
void Router::end_abandoned_interest() {
  for (const std::string& name : hub_.channels().take_abandoned()) {
    const hub::Channel* channel = hub_.channels().find(name);
    if (channel == nullptr || channel->count() != 0 || channel->permanent) continue;
    hub_.channels().forget_if_empty(name);
    auto job = std::make_unique<InterestJob>();
    job->channel = name;
    job->end = true;
    const cross::ShardIndex home = home_of(name);
    if (home == self_) {
      hub_.homes().end_interest(name, self_);
    } else {
      send_job(home, std::move(job));
    }
  }
}

}  // namespace shard
