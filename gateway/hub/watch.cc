#include "gateway/hub/watch.h"

#include <algorithm>

namespace hub {

Watch* Watches::open(push::Receipt& receipt, void* owner, cross::MessageId message,
                     bool wants_acks) {
  auto watch = std::make_unique<Watch>();
  watch->receipt = &receipt;
  watch->owner = owner;
  watch->message = message;
  watch->wants_acks = wants_acks;
  if (wants_acks) {
    Watch*& first = awaiting_acks_[message.value];
    watch->next_of_message = std::exchange(first, watch.get());
  }
  return watch.release();  // Deleted by let_go(), or by settle() after that.
}

void Watches::expect_ack(Watch& watch, cross::ConnectionId receiver) {
  if (!watch.wants_acks) return;
  if (watch.unacked.insert(receiver.value).second) by_receiver_[receiver.value].push_back(&watch);
}

// Whether it was awaited.
bool Watches::end_awaiting(Watch& watch, cross::ConnectionId receiver) {
  if (watch.unacked.erase(receiver.value) == 0) return false;
  forget_watch(watch, receiver.value);
  return true;
}

void Watches::forget_watch(const Watch& watch, std::uint64_t receiver) {
  const auto found = by_receiver_.find(receiver);
  std::vector<Watch*>& watches = found->second;
  if (watches.size() == 1) {
    by_receiver_.erase(found);
    return;
  }
  *std::find(watches.begin(), watches.end(), &watch) = watches.back();
  watches.pop_back();
}

void Watches::give_up_ack(Watch& watch, cross::ConnectionId receiver) {
  if (end_awaiting(watch, receiver) && watch.receipt != nullptr) note_if_done(watch);
}

bool Watches::acknowledge(cross::MessageId message, cross::ConnectionId receiver) {
  const auto found = awaiting_acks_.find(message.value);
  if (found == awaiting_acks_.end()) return false;
  bool awaited = false;
  for (Watch* watch = found->second; watch != nullptr; watch = watch->next_of_message) {
    if (!end_awaiting(*watch, receiver)) continue;
    awaited = true;
    ++watch->receipt->acked;
    note_if_done(*watch);
  }
  return awaited;
}

void Watches::forget_receiver(cross::ConnectionId receiver) {
  const auto found = by_receiver_.find(receiver.value);
  if (found == by_receiver_.end()) return;
  const auto watches = std::move(found->second);
  by_receiver_.erase(found);
  for (Watch* watch : watches) {
    watch->unacked.erase(receiver.value);
    note_if_done(*watch);
  }
}

void Watches::settle(Watch& watch) {
  --watch.waiting;
  if (watch.receipt == nullptr) {
    if (watch.waiting == 0) delete &watch;
    return;
  }
  note_if_done(watch);
}

void Watches::let_go(Watch* watch) {
  if (watch->wants_acks) {
    for (const std::uint64_t receiver : std::exchange(watch->unacked, {})) {
      forget_watch(*watch, receiver);
    }
    stop_awaiting_acks(*watch);
  }
  if (watch->noted) std::erase(finished_, watch);
  watch->receipt = nullptr;
  if (watch->waiting == 0) delete watch;
}

void Watches::stop_awaiting_acks(const Watch& watch) {
  const auto found = awaiting_acks_.find(watch.message.value);
  if (found->second == &watch && watch.next_of_message == nullptr) {
    awaiting_acks_.erase(found);
    return;
  }
  Watch** link = &found->second;
  while (*link != &watch) link = &(*link)->next_of_message;
  *link = watch.next_of_message;
}

void Watches::note_if_done(Watch& watch) {
  if (!done(watch) || watch.noted) return;
  watch.noted = true;
  finished_.push_back(&watch);
}

std::vector<Watch*> Watches::take_finished() {
  for (Watch* watch : finished_) watch->noted = false;
  return std::exchange(finished_, {});
}

}  // namespace hub
