#include "bench/load/scenario/broadcast_source.h"

#include <algorithm>
#include <utility>

#include "bench/load/clock.h"
#include "bench/load/scenario/client_set.h"

namespace load {
namespace {

const PublishForm& form_of(const Setup& setup) {
  return setup.options.channel.empty() ? setup.profile.broadcast : setup.profile.channel;
}

}  // namespace

BroadcastSource::BroadcastSource(EventLoop& loop, const Setup& setup, Pace pace, Control& control,
                                 Counters& counters, Outcome& outcome)
    : setup_(setup),
      control_(control),
      counters_(counters),
      outcome_(outcome),
      connection_(make_publish_connection(loop, *this, setup, form_of(setup))),
      outstanding_max_(pace.rate > 0 ? BroadcastBoard::kOutstandingMax
                                     : std::min(pace.outstanding, BroadcastBoard::kOutstandingMax)),
      schedule_(pace.rate, 0, 1),
      payload_(setup.options.payload, setup.options.payload_size) {}

std::int64_t BroadcastSource::turn(std::int64_t now) {
  retire(now);
  const Phase phase = control_.phase.load(std::memory_order_acquire);
  if (phase >= Phase::kDraining) count_unsent();
  if (phase != Phase::kRunning) return kNever;
  if (!connection_->is_open() && !connection_->open(setup_.api_address))
    return now + 10 * kMillisecond;

  const std::int64_t start = control_.start_ns.load(std::memory_order_relaxed);
  if (now < start) return start;
  while (under_way_.size() < outstanding_max_ && allowed_ > 0) {
    const std::int64_t due = schedule_.is_open_loop() ? schedule_.due(start) : now;
    if (due > now) break;
    publish(due, now);
    schedule_.advance();
  }
  connection_->flush();
  // Nothing arrives to wake this loop when a broadcast is lost, so look again for the timeout.
  const std::int64_t look_again = now + 100 * kMillisecond;
  return under_way_.size() < outstanding_max_ ? std::min(schedule_.due(start), look_again)
                                              : look_again;
}

void BroadcastSource::publish(std::int64_t due_ns, std::int64_t now) {
  const std::uint64_t sequence = next_sequence_++;
  --allowed_;
  payload_.stamp({.stream = static_cast<std::uint16_t>(Stream::kBroadcast),
                  .sequence = sequence,
                  .due_ns = due_ns});
  control_.board.open(sequence, control_.workers_open.load(std::memory_order_acquire));
  connection_->add({.uid = {}, .text = payload_.text(), .channel = setup_.options.channel});
  connection_->end_request();
  under_way_.push_back({.sequence = sequence, .due_ns = due_ns, .sent_ns = now, .answered = false});
  if (schedule_.is_open_loop() && control_.in_window(due_ns)) {
    outcome_.lateness.record(static_cast<std::uint64_t>(now - due_ns));
  }
}

void BroadcastSource::count_unsent() {
  if (std::exchange(ended_, true)) return;
  counters_.unsent.add(
      schedule_.count_before(control_.start_ns.load(), control_.window_end_ns.load()));
}

// Broadcasts complete in order, but for a loss; a lost one is given up after the timeout.
void BroadcastSource::retire(std::int64_t now) {
  while (!under_way_.empty()) {
    const Broadcast& oldest = under_way_.front();
    if (oldest.answered && control_.board.is_complete(oldest.sequence)) {
      record(outcome_.completion, oldest, now);
    } else if (now - oldest.sent_ns > static_cast<std::int64_t>(setup_.options.timeout_s * 1e9)) {
      counters_.timed_out.add();
    } else {
      return;
    }
    under_way_.pop_front();
  }
}

void BroadcastSource::record(Histogram& histogram, const Broadcast& broadcast,
                             std::int64_t now) const {
  if (control_.in_window(broadcast.due_ns)) {
    histogram.record(static_cast<std::uint64_t>(now - broadcast.due_ns));
  }
}

void BroadcastSource::on_answer(PublishConnection& /*connection*/, bool accepted,
                                std::string_view /*body*/) {
  const auto broadcast = std::ranges::find(under_way_, false, &Broadcast::answered);
  if (broadcast == under_way_.end()) return;  // The answer to one that was given up.
  if (!accepted) {
    counters_.refused.add();
    under_way_.erase(broadcast);
    return;
  }
  broadcast->answered = true;
  counters_.published.add();
  counters_.expected.add(control_.readers.load(std::memory_order_relaxed));
  record(outcome_.broadcast_answer, *broadcast, now_ns());
}

void BroadcastSource::on_lost(PublishConnection& /*connection*/) {
  // Whether the server still sends them is unknown, so they are expected of nobody.
  const auto lost = std::erase_if(under_way_, [](const Broadcast& b) { return !b.answered; });
  counters_.unanswered.add(lost);
}

}  // namespace load
