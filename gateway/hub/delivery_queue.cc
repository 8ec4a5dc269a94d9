// Delivery's second part: what happens to messages that have to wait.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "gateway/hub/delivery.h"
#include "proto/base/bytes.h"
#include "proto/push/client_protocol.h"
#include "proto/ws/frame_encoder.h"
#include "proto/ws/opcode.h"

namespace hub {
namespace {

// Not an opcode: the kind under which "you missed n" waits among the control frames.
constexpr std::uint8_t kMissedNotice = 0xF0;

}  // namespace

OutboundQueue& Delivery::queue_of(Member& member) {
  if (member.queue == nullptr) member.queue = new OutboundQueue;
  return *member.queue;
}

void Delivery::release_if_empty(Member& member) {
  if (member.queue == nullptr || !member.queue->empty()) return;
  delete std::exchange(member.queue, nullptr);
}

void Delivery::account(Member& member, std::uint64_t size_before, std::uint32_t messages_before) {
  counters_.queue_bytes.add(member.queue->size() - size_before);  // Unsigned: may go down.
  counters_.queue_messages.add(std::uint64_t{member.queue->messages()} - messages_before);
}

void Delivery::count_drop(Member& member, const cross::Message& message, cross::DropCause cause) {
  if (!message.is_push()) return;
  counters_.drops[cause].add();
  ++member.missed;
  ++member.missed_untold;
}

void Delivery::queue_rest(Member& member, const cross::MessageRef& message,
                          cross::Encoding encoding, Watch* watch, Lane lane, std::size_t offset) {
  OutboundQueue& queue = queue_of(member);
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  QueuedMessage* entry = pool_.take();
  entry->message = message;
  entry->encoding = encoding;
  entry->lane = lane;
  entry->watch = watch;
  if (watch != nullptr) ++watch->waiting;
  queue.append_started(entry, offset);
  account(member, size_before, messages_before);
}

void Delivery::enqueue(MemberIndex index, const cross::MessageRef& message,
                       cross::Encoding encoding, push::Receipt& receipt, Watch* watch) {
  Member& member = members_[index];
  if (member.doomed || member.close_said) {
    drop(index, *message, receipt, watch,
         member.doomed ? cross::DropCause::kSlow : cross::DropCause::kEnded);
    return;
  }
  if (member.compression.context_takeover) {
    encoding = compressor_.shared_form(member, *message, encoding,
                                       rules_[member.profile].deflate_size_min);
    compressor_.forget(index);
  }
  if (message->policy() == push::Policy::kConflate && member.queue != nullptr &&
      conflate(index, message, encoding, receipt, watch)) {
    return;
  }
  if (!make_room(member, index, message->frame(encoding).size(), message->policy())) {
    drop(index, *message, receipt, watch,
         member.doomed ? cross::DropCause::kSlow : cross::DropCause::kQueueFull);
    release_if_empty(member);
    return;
  }
  OutboundQueue& queue = queue_of(member);
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  QueuedMessage* entry = pool_.take();
  entry->message = message;
  entry->encoding = encoding;
  entry->lane = lane_of(*message);
  entry->watch = watch;
  if (watch != nullptr) ++watch->waiting;
  queue.append(entry);
  account(member, size_before, messages_before);
  ++receipt.queued;
  counters_.queued.add();
  if (message->expires_ms() != 0) transport_.wake_at(index, message->expires_ms());
}

// Puts the message in place of an earlier one with its key, if there is one. When it is larger and
// does not fit there, the earlier one goes all the same, unless it is the newest that gives way.
bool Delivery::conflate(MemberIndex index, const cross::MessageRef& message,
                        cross::Encoding encoding, push::Receipt& receipt, Watch* watch) {
  Member& member = members_[index];
  OutboundQueue& queue = *member.queue;
  QueuedMessage* earlier = queue.find_conflatable(*message);
  if (earlier == nullptr) return false;
  const QueueRules& rules = rules_[member.profile];
  const bool in_place = queue.fits_instead(*earlier, message->frame(encoding).size(), rules.limits);
  if (!in_place && rules.overflow == push::Policy::kDropNewest) return false;
  if (Watch* theirs = earlier->watch) {  // The newer one stands for it from here on.
    if (theirs->receipt != nullptr && !earlier->conflated) {
      --theirs->receipt->queued;
      ++theirs->receipt->conflated;
    }
    watches_.give_up_ack(*theirs, members_.id_of(index));
    watches_.settle(*theirs);
  }
  counters_.conflated.add();
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  if (in_place) {
    if (watch != nullptr) ++watch->waiting;
    queue.replace(*earlier, message, encoding, watch);
    earlier->conflated = true;
    ++receipt.conflated;
  } else {
    queue.take(earlier);
    pool_.give_back(earlier);
  }
  account(member, size_before, messages_before);
  if (in_place && message->expires_ms() != 0) transport_.wake_at(index, message->expires_ms());
  return in_place;
}

// Whether there is room for the frame now; other messages, or the connection, may have given way.
bool Delivery::make_room(Member& member, MemberIndex index, std::size_t frame_size,
                         push::Policy policy) {
  const QueueRules& rules = rules_[member.profile];
  OutboundQueue& queue = queue_of(member);
  if (queue.fits(frame_size, rules.limits)) return true;
  if (policy == push::Policy::kQueue || policy == push::Policy::kConflate) policy = rules.overflow;
  if (policy == push::Policy::kDropOldest) {
    const std::uint64_t size_before = queue.size();
    const std::uint32_t messages_before = queue.messages();
    if (!queue.could_fit(frame_size, rules.limits)) return false;
    while (!queue.fits(frame_size, rules.limits)) {
      drop_queued(index, queue.take_oldest_push(), cross::DropCause::kOldest);
    }
    account(member, size_before, messages_before);
    return true;
  }
  if (policy == push::Policy::kClose) {
    member.doomed = true;
    discard_waiting(index, cross::DropCause::kSlow);
    transport_.close_slow(index);
  }
  return false;
}

void Delivery::finish_queued(QueuedMessage* entry) {
  if (entry->message->is_push()) {
    counters_.written.add();
    if (entry->message->accepted_ns() != 0) {
      counters_.push_latency.record(transport_.now_ns() - entry->message->accepted_ns());
    }
  }
  if (Watch* watch = entry->watch) {
    if (push::Receipt* receipt = watch->receipt) {
      --(entry->conflated ? receipt->conflated : receipt->queued);
      ++receipt->written;
    }
    watches_.settle(*watch);
  }
  pool_.give_back(entry);
}

// A message that has not been queued.
void Delivery::drop(MemberIndex index, const cross::Message& message, push::Receipt& receipt,
                    Watch* watch, cross::DropCause cause) {
  ++receipt.dropped;
  count_drop(members_[index], message, cause);
  if (watch != nullptr) watches_.give_up_ack(*watch, members_.id_of(index));
}

void Delivery::drop_gathered(MemberIndex index, cross::DropCause cause) {
  Member& member = members_[index];
  if (member.batch_entry == kNoBatchEntry) return;
  Entry& entry = entries_[member.batch_entry];
  for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
    drop(index, **gathered_[g].message, *gathered_[g].receipt, gathered_[g].watch, cause);
  }
  entry.member = kNoMember;
  member.batch_entry = kNoBatchEntry;
}

void Delivery::drop_queued(MemberIndex index, QueuedMessage* entry, cross::DropCause cause) {
  count_drop(members_[index], *entry->message, cause);
  if (Watch* watch = entry->watch) {
    if (push::Receipt* receipt = watch->receipt) {
      --(entry->conflated ? receipt->conflated : receipt->queued);
      ++receipt->dropped;
    }
    watches_.give_up_ack(*watch, members_.id_of(index));
    watches_.settle(*watch);
  }
  pool_.give_back(entry);
}

// Makes the notice wait with the control frames. While one waits no other joins it.
void Delivery::tell_missed(Member& member) {
  if (member.missed_untold == 0 || member.doomed || member.close_said ||
      member.encoding != cross::Encoding::kProtocol ||
      (member.queue != nullptr && member.queue->find_control(kMissedNotice) != nullptr)) {
    return;
  }
  std::string body;
  push::append_missed(body, std::exchange(member.missed_untold, 0));
  std::string frame;
  ws::append_frame(frame, ws::Opcode::kText, dunlin::as_bytes(body));
  QueuedMessage* entry = pool_.take();
  entry->message = cross::Message::make_framed(dunlin::as_bytes(frame));
  entry->lane = Lane::kControl;
  entry->control_kind = kMissedNotice;
  queue_of(member).append(entry);
  counters_.missed_notices.add();
}

void Delivery::expire(MemberIndex index) {
  Member& member = members_[index];
  if (member.queue == nullptr) return;
  OutboundQueue& queue = *member.queue;
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  while (QueuedMessage* expired = queue.take_expired(now_ms_)) {
    drop_queued(index, expired, cross::DropCause::kExpired);
  }
  account(member, size_before, messages_before);
  if (queue.empty()) tell_missed(member);  // The last chance: it is told when the socket is free.
  if (const std::uint64_t next = queue.next_expiry_ms(); next != 0) transport_.wake_at(index, next);
  release_if_empty(member);
}

void Delivery::discard_waiting(MemberIndex index, cross::DropCause cause) {
  Member& member = members_[index];
  drop_gathered(index, cause);
  drop_all_pending(index, cause);
  if (member.queue == nullptr) return;
  OutboundQueue& queue = *member.queue;
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  while (QueuedMessage* entry = queue.take_oldest()) drop_queued(index, entry, cause);
  account(member, size_before, messages_before);
  release_if_empty(member);
}

void Delivery::end(MemberIndex index) {
  Member& member = members_[index];
  if (member.compression.context_takeover) compressor_.end(index);
  drop_gathered(index, cross::DropCause::kEnded);
  drop_all_pending(index, member.doomed ? cross::DropCause::kSlow : cross::DropCause::kEnded);
  if (member.queue == nullptr) return;
  const std::uint64_t size_before = member.queue->size();
  const std::uint32_t messages_before = member.queue->messages();
  while (QueuedMessage* entry = member.queue->take_first()) {
    drop_queued(index, entry, member.doomed ? cross::DropCause::kSlow : cross::DropCause::kEnded);
  }
  account(member, size_before, messages_before);
  release_if_empty(member);
}

std::string Delivery::take_unsent(MemberIndex index) {
  std::string bytes;
  Member& member = members_[index];
  if (member.queue == nullptr) return bytes;
  const std::uint64_t size_before = member.queue->size();
  const std::uint32_t messages_before = member.queue->messages();
  std::size_t skip = member.queue->offset();
  while (QueuedMessage* entry = member.queue->take_first()) {
    const auto frame = entry->frame().subspan(std::exchange(skip, 0));
    bytes.append(dunlin::as_string_view(frame));
    if (Watch* watch = entry->watch) {  // Its fate is decided on another shard: nobody will tell.
      watches_.give_up_ack(*watch, members_.id_of(index));
      watches_.settle(*watch);
    }
    pool_.give_back(entry);
  }
  account(member, size_before, messages_before);
  release_if_empty(member);
  return bytes;
}

void Delivery::resume_unsent(MemberIndex index, std::string_view bytes) {
  if (bytes.empty()) return;
  // As a started frame: its first bytes may be on the wire already.
  queue_rest(members_[index], cross::Message::make_framed(dunlin::as_bytes(bytes)),
             cross::Encoding::kPlain, nullptr, Lane::kTargeted, 0);
  on_writable(index);
}

}  // namespace hub
