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
  if (wants_acks) awaiting_acks_[message.value] = watch.get();
  return watch.release();  // Deleted by let_go(), or by settle() after that.
}

void Watches::expect_ack(Watch& watch, cross::ConnectionId receiver) {
  if (watch.wants_acks) watch.unacked.push_back(receiver);
}

bool Watches::acknowledge(cross::MessageId message, cross::ConnectionId receiver) {
  const auto found = awaiting_acks_.find(message.value);
  if (found == awaiting_acks_.end()) return false;
  Watch& watch = *found->second;
  const auto position = std::find(watch.unacked.begin(), watch.unacked.end(), receiver);
  if (position == watch.unacked.end()) return false;
  watch.unacked.erase(position);
  ++watch.receipt->acked;
  note_if_done(watch);
  return true;
}

void Watches::forget_receiver(cross::ConnectionId receiver) {
  for (auto& [message, watch] : awaiting_acks_) {
    if (std::erase(watch->unacked, receiver) != 0) note_if_done(*watch);
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
  if (watch->wants_acks) awaiting_acks_.erase(watch->message.value);
  std::erase(finished_, watch);
  watch->receipt = nullptr;
  if (watch->waiting == 0) delete watch;
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
