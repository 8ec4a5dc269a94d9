#include "bench/load/scenario/echo_task.h"

#include "bench/load/clock.h"

namespace load {

EchoTask::EchoTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
                   Counters& counters)
    : setup_(setup),
      control_(control),
      counters_(counters),
      path_(setup.profile.echo_path),
      clients_(loop, setup, {.path = path_, .login = no_login_}, place.clients, counters, outcome_,
               *this),
      schedule_(setup.options.rate, place.worker, setup.options.workers),
      payload_(setup.options.payload, setup.options.payload_size) {}

std::int64_t EchoTask::turn(std::int64_t now) {
  if (!open_) return open_clients(now);
  if (control_.phase.load(std::memory_order_acquire) != Phase::kRunning) return kNever;
  const std::int64_t start = control_.start_ns.load(std::memory_order_relaxed);
  if (now < start) return start;
  if (schedule_.is_open_loop()) return send_due(start, now);
  if (!begun_) begin_closed_loop(now);
  return kNever;
}

std::int64_t EchoTask::open_clients(std::int64_t now) {
  clients_.turn(now);
  if (!clients_.is_complete()) return kNever;
  open_ = true;
  control_.workers_open.fetch_add(1, std::memory_order_release);
  return kNever;
}

void EchoTask::begin_closed_loop(std::int64_t now) {
  begun_ = true;
  for (ClientSet::Member& member : clients_.members()) {
    if (!member.client().is_open()) continue;
    for (std::size_t i = 0; i < setup_.options.outstanding; ++i) queue_one(member, now);
    member.client().flush();
  }
}

std::int64_t EchoTask::send_due(std::int64_t start, std::int64_t now) {
  auto& members = clients_.members();
  while (schedule_.due(start) <= now) {
    ClientSet::Member& member = members[next_member_];
    if (++next_member_ == members.size()) next_member_ = 0;
    const std::int64_t due = schedule_.due(start);
    schedule_.advance();
    if (!member.client().is_open()) continue;
    queue_one(member, due);
    member.client().flush();
    if (control_.in_window(due)) outcome_.lateness.record(static_cast<std::uint64_t>(now - due));
  }
  return schedule_.due(start);
}

void EchoTask::queue_one(ClientSet::Member& member, std::int64_t due_ns) {
  payload_.stamp({.stream = static_cast<std::uint16_t>(Stream::kBroadcast),
                  .sequence = member.next_sequence(),
                  .due_ns = due_ns});
  member.client().queue(Opcode::kText, payload_.text());
  counters_.published.add();
  counters_.expected.add();
}

void EchoTask::on_stamped(ClientSet::Member& member, const Stamp& stamp) {
  const std::int64_t now = now_ns();
  if (control_.in_window(stamp.due_ns))
    outcome_.echo.record(static_cast<std::uint64_t>(now - stamp.due_ns));
  const bool running = control_.phase.load(std::memory_order_relaxed) == Phase::kRunning;
  // The client flushes when it has read everything, so the answers to one read leave together.
  if (running && !schedule_.is_open_loop()) queue_one(member, now);
}

}  // namespace load
