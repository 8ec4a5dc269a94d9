#include "bench/load/scenario/publish_task.h"

#include <algorithm>

#include "bench/load/clock.h"

namespace load {
namespace {

// Who gets pushes, broadcasts or both may have to connect to different places.
ClientSet::Place place_of(const Setup& setup) {
  const Profile& profile = setup.profile;
  if (!setup.options.channel.empty())
    return {.path = profile.channel_path, .login = profile.channel_login};
  switch (setup.options.scenario) {
    case Scenario::kFanout:
      return {.path = profile.broadcast_path, .login = profile.login};
    case Scenario::kMixed:
    case Scenario::kSoak:
      return {.path = profile.mixed_path, .login = profile.login};
    case Scenario::kReconnect:
      return {.path = profile.mixed_path, .login = profile.login, .retries = true};
    default:
      return {.path = profile.client_path, .login = profile.login};
  }
}

}  // namespace

PublishTask::PublishTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
                         Counters& counters)
    : loop_(loop),
      control_(control),
      clients_(loop, setup, place_of(setup), place.clients, counters, outcome_, *this) {
  add_sources(setup, place, counters);
  add_comings_and_goings(setup, place, counters);
}

void PublishTask::add_sources(const Setup& setup, Place place, Counters& counters) {
  const Options& options = setup.options;
  const Scenario scenario = options.scenario;
  // Where both are published a broadcast has a rate of its own.
  const bool both = scenario == Scenario::kMixed || scenario == Scenario::kSoak;
  const bool roll_calls = scenario == Scenario::kReconnect;
  const bool broadcasts = scenario == Scenario::kFanout || both ||
                          (roll_calls && setup.profile.broadcast.is_supported());
  const bool pushes =
      scenario == Scenario::kPush || both || (roll_calls && setup.profile.push.is_supported());
  if (broadcasts && place.worker == 0) {
    const double rate = both ? options.broadcast_rate : options.rate;
    broadcasts_.emplace(
        loop_, setup,
        BroadcastSource::Pace{.rate = rate, .outstanding = both ? 1 : options.outstanding},
        control_, counters, outcome_);
  }
  if (pushes) {
    pushes_.emplace(loop_, setup, Schedule(options.rate, place.worker, options.workers), control_,
                    counters, outcome_);
  }
}

void PublishTask::add_comings_and_goings(const Setup& setup, Place place, Counters& counters) {
  const Options& options = setup.options;
  if (options.scenario == Scenario::kReconnect) {
    reconnect_.emplace(clients_, control_, options.drop);
    if (broadcasts_) broadcasts_->allow(0);
  }
  if (options.scenario == Scenario::kSoak) {
    outcome_.delivery_slices.resize(options.slices);
    outcome_.push_slices.resize(options.slices);
    ClientSet::Place clients = place_of(setup);
    clients.retries = true;
    clients.counts_received = false;
    churn_.emplace(
        loop_, setup,
        Churn::Place{.clients = clients,
                     .range = place.churn,
                     .schedule = Schedule(options.churn_rate, place.worker, options.workers)},
        control_, counters, outcome_);
  }
}

std::int64_t PublishTask::turn(std::int64_t now) {
  if (!open_) return open_clients(now);
  std::int64_t next = kNever;
  if (churn_) next = std::min(next, churn_->turn(now));
  if (reconnect_) next = std::min(next, reconnect_->turn(now));
  if (reconnect_ && reconnect_->take_roll_call()) call_roll();
  if (broadcasts_) next = std::min(next, broadcasts_->turn(now));
  if (pushes_) next = std::min(next, pushes_->turn(now));
  return next;
}

std::int64_t PublishTask::open_clients(std::int64_t now) {
  const std::int64_t next = clients_.turn(now);
  if (churn_) churn_->open(now);
  if (!clients_.is_complete() || (churn_ && !churn_->is_complete())) return next;
  open_ = true;
  if (pushes_) pushes_->assign(clients_.members());
  if (reconnect_ && pushes_) pushes_->allow_each(0);
  control_.readers.fetch_add(static_cast<std::uint32_t>(clients_.reader_count()));
  control_.workers_open.fetch_add(1, std::memory_order_release);
  return kNever;
}

void PublishTask::on_stamped(ClientSet::Member& /*member*/, const Stamp& stamp) {
  const bool broadcast = stamp.stream == static_cast<std::uint16_t>(Stream::kBroadcast);
  if (control_.in_window(stamp.due_ns)) record_arrival(broadcast, stamp.due_ns);
  if (broadcast) count_broadcast(stamp.sequence);
}

void PublishTask::record_arrival(bool broadcast, std::int64_t due_ns) {
  const auto latency = static_cast<std::uint64_t>(now_ns() - due_ns);
  (broadcast ? outcome_.delivery : outcome_.push).record(latency);
  auto& slices = broadcast ? outcome_.delivery_slices : outcome_.push_slices;
  if (!slices.empty()) slices[control_.slice_of(due_ns, slices.size())].record(latency);
}

// Everybody gets one push, and one broadcast.
void PublishTask::call_roll() {
  if (pushes_) pushes_->allow_each(1);
  if (broadcasts_) broadcasts_->allow(1);
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
