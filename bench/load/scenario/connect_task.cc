#include "bench/load/scenario/connect_task.h"

#include <utility>

#include "bench/load/client/handshake_request.h"
#include "bench/load/clock.h"

namespace load {

ConnectTask::ConnectTask(EventLoop& loop, const Setup& setup, Place place, Control& control,
                         Counters& counters)
    : setup_(setup),
      control_(control),
      counters_(counters),
      schedule_(setup.options.rate, place.worker, setup.options.workers),
      next_source_(place.worker) {
  const std::string key = fresh_handshake_key();
  accept_ = accept_for(key);
  request_ = handshake_request(
      {.path = setup.profile.client_path.fill({.uid = "1", .text = {}, .channel = {}}),
       .host = setup.public_address.text(),
       .key = key,
       .subprotocol = setup.profile.subprotocol,
       .deflate = setup.profile.deflate});
  for (std::size_t i = 0; i < place.slots; ++i) free_.push_back(&slots_.emplace_back(loop, *this));
}

std::int64_t ConnectTask::turn(std::int64_t now) {
  if (!announced_) control_.workers_open.fetch_add(1, std::memory_order_release);
  announced_ = true;
  const Phase phase = control_.phase.load(std::memory_order_acquire);
  if (phase >= Phase::kDraining) count_unsent();
  if (phase != Phase::kRunning) return kNever;
  const std::int64_t start = control_.start_ns.load(std::memory_order_relaxed);
  if (now < start) return start;

  punctuality_.begin_turn(now);
  // A slot that fails at once (no port, no descriptor) comes back to the list: try it next time.
  for (std::size_t tries = free_.size(); tries > 0 && !free_.empty(); --tries) {
    const std::int64_t due = schedule_.is_open_loop() ? schedule_.due(start) : now;
    if (due > now) return due;
    schedule_.advance();
    Slot* slot = free_.back();
    free_.pop_back();
    if (schedule_.is_open_loop() && !punctuality_.excuses(due) && control_.in_window(due)) {
      outcome_.lateness.record(static_cast<std::uint64_t>(now - due));
    }
    slot->begin(due);
  }
  if (schedule_.due(start) <= now) punctuality_.starve();
  return now + 10 * kMillisecond;
}

void ConnectTask::count_unsent() {
  if (std::exchange(ended_, true)) return;
  counters_.unsent.add(
      schedule_.count_before(control_.start_ns.load(), control_.window_end_ns.load()));
}

void ConnectTask::Slot::begin(std::int64_t due_ns) {
  due_ns_ = due_ns;
  task_.counters_.expected.add();
  const auto& sources = task_.setup_.sources;
  const bool started = client_.open(
      {.target = task_.setup_.public_address,
       .source = sources.empty() ? nullptr : &sources[task_.next_source_++ % sources.size()],
       .request = task_.request_,
       .accept = task_.accept_,
       .tls = task_.setup_.public_tls,
       .resume = task_.setup_.options.tls_resume,
       .inflater = task_.setup_.profile.deflate ? &task_.inflater_ : nullptr});
  if (!started) on_end(client_, WsClient::Ending::kConnectFailed);
}

void ConnectTask::Slot::on_open(WsClient& client) {
  if (task_.control_.in_window(due_ns_)) {
    task_.outcome_.handshake.record(static_cast<std::uint64_t>(now_ns() - due_ns_));
  }
  task_.counters_.opened.add();
  task_.counters_.note_tls(client.tls());
  task_.counters_.received.add();
  client.close();
  task_.free_.push_back(this);
}

void ConnectTask::Slot::on_end(WsClient& client, WsClient::Ending /*ending*/) {
  task_.counters_.open_failed.add();
  task_.counters_.open_failure.note(client.failure());
  task_.free_.push_back(this);
}

}  // namespace load
