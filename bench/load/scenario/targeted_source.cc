#include "bench/load/scenario/targeted_source.h"

#include <algorithm>
#include <random>
#include <utility>

#include "bench/load/clock.h"

namespace load {
namespace {

// Lines of a batch's answer that report an error instead of a receipt.
std::uint64_t count_errors(std::string_view lines) {
  constexpr std::string_view kError = "\"error\"";
  std::uint64_t count = 0;
  for (auto at = lines.find(kError); at != std::string_view::npos; at = lines.find(kError, at + 1))
    ++count;
  return count;
}

}  // namespace

TargetedSource::TargetedSource(EventLoop& loop, const Setup& setup, Schedule schedule,
                               Control& control, Counters& counters, Outcome& outcome)
    : loop_(loop),
      setup_(setup),
      control_(control),
      counters_(counters),
      outcome_(outcome),
      schedule_(schedule),
      pushes_per_request_(std::max<std::size_t>(setup.options.batch, 1)),
      payload_(setup.options.payload, setup.options.payload_size) {}

void TargetedSource::assign(std::deque<ClientSet::Member>& members) {
  std::vector<ClientSet::Member*> readers;
  for (ClientSet::Member& member : members) {
    if (member.is_pushed_to()) readers.push_back(&member);
  }
  // A fixed seed: two servers are asked for the same uids in the same order. Shuffled, because
  // visiting connections in the order in which they came flatters every cache.
  std::mt19937 random(1);
  std::ranges::shuffle(readers, random);

  const bool lines = setup_.options.batch > 0 || setup_.options.stream;
  const PublishForm& form = lines ? setup_.profile.batch : setup_.profile.push;
  const std::size_t count = std::min(setup_.options.publishers, readers.size());
  for (std::size_t i = 0; i < count; ++i) {
    publishers_.emplace_back().connection = make_publish_connection(loop_, *this, setup_, form);
  }
  for (std::size_t i = 0; i < readers.size(); ++i)
    publishers_[i % count].members.push_back(readers[i]);
}

void TargetedSource::allow_each(std::uint64_t count) {
  for (Publisher& publisher : publishers_) publisher.allowed = count * publisher.members.size();
}

std::int64_t TargetedSource::turn(std::int64_t now) {
  const Phase phase = control_.phase.load(std::memory_order_acquire);
  if (phase >= Phase::kDraining) count_unsent();
  if (phase != Phase::kRunning) return kNever;
  const std::int64_t start = control_.start_ns.load(std::memory_order_relaxed);
  if (now < start) return start;
  if (schedule_.is_open_loop() && next_due(start) > now) return next_due(start);

  punctuality_.begin_turn(now);
  some_closed_ = false;
  while (serve_publishers(start, now) && next_due(start) <= now) {
  }
  if (some_closed_) return now + 10 * kMillisecond;
  if (next_due(start) > now) return next_due(start);
  // What is due but found no free connection waits for an answer, which wakes the loop.
  punctuality_.starve();
  return kNever;
}

// Whether any of them had something to publish, and room for it.
bool TargetedSource::serve_publishers(std::int64_t start, std::int64_t now) {
  std::size_t requests = 0;
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    // Each turn begins at another publisher, or with few pushes due the first would do all the
    // work.
    Publisher& publisher = publishers_[(turn_of_ + i) % publishers_.size()];
    PublishConnection& connection = *publisher.connection;
    if (!connection.is_open() && !connection.open(setup_.api_address)) some_closed_ = true;
    if (connection.is_open()) requests += fill(publisher, start, now);
  }
  ++turn_of_;
  return requests > 0;
}

// A request leaves when the last of its pushes is due; each push keeps its own due time.
std::int64_t TargetedSource::next_due(std::int64_t start) const {
  return schedule_.due(start, pushes_per_request_ - 1);
}

void TargetedSource::count_unsent() {
  if (std::exchange(ended_, true)) return;
  for (Publisher& publisher : publishers_) publisher.connection->finish();
  // The last batch may not have filled in time; only whole requests were ever due.
  const std::uint64_t left =
      schedule_.count_before(control_.start_ns.load(), control_.window_end_ns.load());
  counters_.unsent.add(left - left % pushes_per_request_);
}

// Due pushes spread over connections, as they would over independent backends.
std::size_t TargetedSource::share_of_one(std::int64_t start, std::int64_t now) const {
  if (!schedule_.is_open_loop()) return setup_.options.outstanding;
  return 1 + schedule_.count_before(start, now + 1) / pushes_per_request_ / publishers_.size();
}

std::size_t TargetedSource::fill(Publisher& publisher, std::int64_t start, std::int64_t now) {
  const std::size_t share = share_of_one(start, now);
  std::size_t requests = 0;
  while (requests < share && publisher.allowed >= pushes_per_request_ &&
         publisher.unanswered.size() < setup_.options.outstanding &&
         publish_one(publisher, start, now)) {
    ++requests;
  }
  if (requests > 0) publisher.connection->flush();
  return requests;
}

bool TargetedSource::publish_one(Publisher& publisher, std::int64_t start, std::int64_t now) {
  const bool open_loop = schedule_.is_open_loop();
  const std::int64_t first_due = open_loop ? schedule_.due(start) : now;
  if (open_loop && next_due(start) > now) return false;
  if (open_loop) record_lateness(next_due(start), now);

  for (std::size_t i = 0; i < pushes_per_request_; ++i) {
    stamp_next(publisher, open_loop ? schedule_.due(start) : now);
    publisher.connection->add({.uid = uid_, .text = payload_.text(), .channel = {}});
    schedule_.advance();
  }
  publisher.connection->end_request();
  publisher.allowed -= pushes_per_request_;
  publisher.unanswered.push_back({.due_ns = first_due, .push_count = pushes_per_request_});
  return true;
}

// Of the request: that the first line of a batch waits for the last is no lateness.
void TargetedSource::record_lateness(std::int64_t due_ns, std::int64_t now) {
  if (punctuality_.excuses(due_ns) || !control_.in_window(due_ns)) return;
  outcome_.lateness.record(static_cast<std::uint64_t>(now - due_ns));
}

void TargetedSource::stamp_next(Publisher& publisher, std::int64_t due_ns) {
  ClientSet::Member& member = *publisher.members[publisher.next_member];
  if (++publisher.next_member == publisher.members.size()) publisher.next_member = 0;
  uid_ = member.uid();
  payload_.stamp({.stream = static_cast<std::uint16_t>(Stream::kTargeted),
                  .sequence = member.next_sequence(),
                  .due_ns = due_ns});
}

TargetedSource::Publisher& TargetedSource::publisher_of(const PublishConnection& connection) {
  return *std::ranges::find_if(publishers_, [&](const Publisher& publisher) {
    return publisher.connection.get() == &connection;
  });
}

void TargetedSource::on_answer(PublishConnection& connection, bool accepted,
                               std::string_view body) {
  Publisher& publisher = publisher_of(connection);
  if (publisher.unanswered.empty()) return;
  const Request request = publisher.unanswered.front();
  publisher.unanswered.pop_front();
  if (!accepted) return counters_.refused.add(request.push_count);

  const std::uint64_t errors = std::min(count_errors(body), request.push_count);
  counters_.refused.add(errors);
  counters_.published.add(request.push_count - errors);
  counters_.expected.add(request.push_count - errors);
  if (control_.in_window(request.due_ns)) {
    outcome_.answer.record(static_cast<std::uint64_t>(now_ns() - request.due_ns));
  }
}

void TargetedSource::on_lost(PublishConnection& connection) {
  Publisher& publisher = publisher_of(connection);
  for (const Request& request : publisher.unanswered) counters_.unanswered.add(request.push_count);
  publisher.unanswered.clear();
}

}  // namespace load
