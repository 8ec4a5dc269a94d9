// Delivery's third part: messages for subscribers whose subscription is not confirmed yet.
//
// A receipt counts what is held back as queued. The counters count a message when its fate is
// known, so that they never have to go back.

#include <utility>

#include "gateway/hub/delivery.h"

namespace hub {

using cross::DropCause;

void Delivery::hold(MemberIndex index, std::uint32_t subscription, const cross::MessageRef& message,
                    push::Receipt& receipt, Watch* watch) {
  const Member& member = members_[index];
  ++receipt.matched;
  if (watch != nullptr && member.encoding == cross::Encoding::kProtocol) {
    watches_.expect_ack(*watch, members_.id_of(index));
  }
  PendingMessage pending{.message = message, .watch = watch, .subscription = subscription};
  if (!make_pending_room(index, pending.size(), message->policy())) {
    if (message->is_push()) counters_.matched.add();
    drop(index, *message, receipt, watch, member.doomed ? DropCause::kSlow : DropCause::kQueueFull);
    return;
  }
  ++receipt.queued;
  if (watch != nullptr) ++watch->waiting;
  pending_[index].append(std::move(pending));
  counters_.pending_messages.add();
}

// As make_room(), for what is held back.
bool Delivery::make_pending_room(MemberIndex index, std::size_t frame_size, push::Policy policy) {
  Member& member = members_[index];
  if (member.doomed) return false;
  const auto found = pending_.find(index);
  const QueueRules& rules = rules_[member.profile];
  if (found == pending_.end() || found->second.fits(frame_size, rules.limits)) return true;
  if (policy == push::Policy::kQueue || policy == push::Policy::kConflate) policy = rules.overflow;
  if (policy == push::Policy::kDropOldest) {
    while (!found->second.fits(frame_size, rules.limits)) {
      drop_pending(index, found->second.take_oldest(), DropCause::kOldest);
    }
    return true;
  }
  if (policy == push::Policy::kClose) {
    member.doomed = true;
    discard_waiting(index, DropCause::kSlow);
    transport_.close_slow(index);
  }
  return false;
}

std::vector<PendingMessage> Delivery::take_pending(MemberIndex index, std::uint32_t subscription) {
  const auto found = pending_.find(index);
  if (found == pending_.end()) return {};
  std::vector<PendingMessage> taken = found->second.take(subscription);
  if (found->second.empty()) pending_.erase(found);
  return taken;
}

void Delivery::drop_pending(MemberIndex index, const PendingMessage& pending, DropCause cause) {
  counters_.pending_messages.subtract();
  if (pending.message->is_push()) {
    counters_.matched.add();
    counters_.queued.add();
  }
  if (cause != DropCause::kUnsubscribed) {
    count_drop(members_[index], *pending.message, cause);
  } else if (pending.message->is_push()) {
    counters_.drops[cause].add();  // Who has left the channel has missed nothing.
  }
  Watch* watch = pending.watch;
  if (watch == nullptr) return;
  if (watch->receipt != nullptr) {
    --watch->receipt->queued;
    ++watch->receipt->dropped;
  }
  watches_.give_up_ack(*watch, members_.id_of(index));
  watches_.settle(*watch);
}

void Delivery::drop_pending(MemberIndex index, std::uint32_t subscription) {
  for (const PendingMessage& each : take_pending(index, subscription)) {
    drop_pending(index, each, DropCause::kUnsubscribed);
  }
}

void Delivery::drop_all_pending(MemberIndex index, DropCause cause) {
  const auto found = pending_.find(index);
  if (found == pending_.end()) return;
  PendingQueue queue = std::move(found->second);
  pending_.erase(found);
  while (!queue.empty()) drop_pending(index, queue.take_oldest(), cause);
}

void Delivery::deliver_pending(MemberIndex index, std::uint32_t subscription) {
  const std::vector<PendingMessage> due = take_pending(index, subscription);
  std::vector<push::Receipt> fates(due.size());
  for (std::size_t i = 0; i < due.size(); ++i) {
    Watch* watch = due[i].watch;
    const bool watched = watch != nullptr && watch->receipt != nullptr;
    deliver(index, due[i].message, fates[i], watched ? watch : nullptr);
  }
  flush();  // The messages and the receipts end with this call.
  for (std::size_t i = 0; i < due.size(); ++i) settle_pending(due[i], fates[i]);
  Member& member = members_[index];
  if (member.missed_untold == 0 || member.queue != nullptr) return;
  tell_missed(member);  // What was dropped while it waited.
  on_writable(index);
}

void Delivery::settle_pending(const PendingMessage& pending, const push::Receipt& fate) {
  counters_.pending_messages.subtract();
  if (pending.message->is_push() && fate.queued == 0) counters_.queued.add();  // It was, until now.
  Watch* watch = pending.watch;
  if (watch == nullptr) return;
  if (push::Receipt* receipt = watch->receipt) {
    *receipt += fate;  // Which has it counted twice now: as queued, and as what it came to.
    --receipt->matched;
    --receipt->queued;
  }
  watches_.settle(*watch);
}

std::uint64_t Delivery::held_for(MemberIndex index) const {
  const Member& member = members_[index];
  std::uint64_t size = member.queue == nullptr ? 0 : member.queue->size();
  if (const auto found = pending_.find(index); found != pending_.end()) {
    size += found->second.size();
  }
  if (member.compression.context_takeover) size += compressor_.context_size(index);
  return size;
}

}  // namespace hub
