#include "bench/load/scenario/publish_task.h"

#include <algorithm>

#include "bench/load/clock.h"

namespace load {
namespace {

// A gateway may fan out from another place than the one where uids log in.
ClientSet::Place place_of(const Setup& setup) {
  static const Template kNoLogin;  // To a channel's clients a login is a message like any other.
  const Profile& profile = setup.profile;
  if (!setup.options.channel.empty()) return {.path = profile.channel_path, .login = kNoLogin};
  const bool fanout = setup.options.scenario == Scenario::kFanout;
  return {.path = fanout ? profile.broadcast_path : profile.client_path, .login = profile.login};
}

}  // namespace

PublishTask::PublishTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
                         Counters& counters)
    : loop_(loop),
      control_(control),
      clients_(loop, setup, place_of(setup), place.clients, counters, outcome_, *this) {
  const Options& options = setup.options;
  const bool mixed = options.scenario == Scenario::kMixed;
  if ((mixed || options.scenario == Scenario::kFanout) && place.worker == 0) {
    const double rate = mixed ? options.broadcast_rate : options.rate;
    broadcasts_.emplace(
        loop, setup,
        BroadcastSource::Pace{.rate = rate, .outstanding = mixed ? 1 : options.outstanding},
        control, counters, outcome_);
  }
  if (mixed || options.scenario == Scenario::kPush) {
    pushes_.emplace(loop, setup, Schedule(options.rate, place.worker, options.workers), control,
                    counters, outcome_);
  }
}

std::int64_t PublishTask::turn(std::int64_t now) {
  if (!open_) return open_clients(now);
  std::int64_t next = kNever;
  if (broadcasts_) next = std::min(next, broadcasts_->turn(now));
  if (pushes_) next = std::min(next, pushes_->turn(now));
  return next;
}

std::int64_t PublishTask::open_clients(std::int64_t now) {
  clients_.turn(now);
  if (!clients_.is_complete()) return kNever;
  open_ = true;
  if (pushes_) pushes_->assign(clients_.members());
  control_.readers.fetch_add(static_cast<std::uint32_t>(clients_.reader_count()));
  control_.workers_open.fetch_add(1, std::memory_order_release);
  return kNever;
}

void PublishTask::on_stamped(ClientSet::Member& /*member*/, const Stamp& stamp) {
  const bool broadcast = stamp.stream == static_cast<std::uint16_t>(Stream::kBroadcast);
  if (control_.in_window(stamp.due_ns)) {
    Histogram& histogram = broadcast ? outcome_.delivery : outcome_.push;
    histogram.record(static_cast<std::uint64_t>(now_ns() - stamp.due_ns));
  }
  if (broadcast) count_broadcast(stamp.sequence);
}

void PublishTask::count_broadcast(std::uint64_t sequence) {
  Tally& tally = tallies_[sequence % tallies_.size()];
  if (tally.sequence != sequence) tally = {.sequence = sequence, .count = 0};
  if (++tally.count != clients_.reader_count()) return;
  if (control_.board.complete_one(sequence) && control_.publisher_loop != &loop_) {
    control_.publisher_loop->wake();
  }
}

}  // namespace load
