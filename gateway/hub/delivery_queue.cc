// Delivery's other half: what happens to messages that have to wait.

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
                          cross::Encoding encoding, Watch* watch, std::size_t offset) {
  OutboundQueue& queue = queue_of(member);
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  QueuedMessage* entry = pool_.take();
  entry->message = message;
  entry->encoding = encoding;
  entry->lane = message->fanout() ? Lane::kFanout : Lane::kTargeted;
  entry->watch = watch;
  if (watch != nullptr) ++watch->waiting;
  queue.begin_partial(entry, offset);
  account(member, size_before, messages_before);
}

void Delivery::enqueue(MemberIndex index, const cross::MessageRef& message,
                       cross::Encoding encoding, push::Receipt& receipt, Watch* watch) {
  Member& member = members_[index];
  if (member.doomed) {
    ++receipt.dropped;
    count_drop(member, *message, cross::DropCause::kSlow);
    return;
  }
  if (message->policy() == push::Policy::kConflate &&
      conflate(member, message, encoding, receipt, watch)) {
    return;
  }
  if (!make_room(member, index, message->frame(encoding).size(), message->policy())) {
    ++receipt.dropped;
    count_drop(member, *message,
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
  entry->lane = message->fanout() ? Lane::kFanout : Lane::kTargeted;
  entry->watch = watch;
  if (watch != nullptr) ++watch->waiting;
  queue.append(entry);
  account(member, size_before, messages_before);
  ++receipt.queued;
  counters_.queued.add();
  if (message->expires_ms() != 0) transport_.wake_at(index, message->expires_ms());
}

bool Delivery::conflate(Member& member, const cross::MessageRef& message,
                        cross::Encoding encoding, push::Receipt& receipt, Watch* watch) {
  if (member.queue == nullptr) return false;
  OutboundQueue& queue = *member.queue;
  QueuedMessage* earlier = queue.find_conflatable(*message);
  if (earlier == nullptr) return false;
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  if (earlier->watch != nullptr) {  // The earlier one is no longer queued: this one stands for it.
    if (push::Receipt* theirs = earlier->watch->receipt) {
      --theirs->queued;
      ++theirs->conflated;
    }
    watches_.settle(*earlier->watch);
  }
  if (watch != nullptr) ++watch->waiting;
  queue.replace(*earlier, message, encoding, watch);
  account(member, size_before, messages_before);
  ++receipt.conflated;
  counters_.conflated.add();
  return true;
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
    while (!queue.fits(frame_size, rules.limits)) {
      QueuedMessage* oldest = queue.take_oldest();
      if (oldest == nullptr) break;
      drop_queued(member, oldest, cross::DropCause::kOldest);
    }
    account(member, size_before, messages_before);
    return queue.fits(frame_size, rules.limits);
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
    if (watch->receipt != nullptr) {
      if (watch->receipt->queued > 0) {
        --watch->receipt->queued;
      } else {
        --watch->receipt->conflated;
      }
      ++watch->receipt->written;
    }
    watches_.settle(*watch);
  }
  pool_.give_back(entry);
}

void Delivery::drop_queued(Member& member, QueuedMessage* entry, cross::DropCause cause) {
  count_drop(member, *entry->message, cause);
  if (Watch* watch = entry->watch) {
    if (watch->receipt != nullptr) {
      if (watch->receipt->queued > 0) {
        --watch->receipt->queued;
      } else {
        --watch->receipt->conflated;
      }
      ++watch->receipt->dropped;
    }
    watches_.settle(*watch);
  }
  pool_.give_back(entry);
}

void Delivery::tell_missed(Member& member, MemberIndex /*index*/) {
  if (member.missed_untold == 0 || member.doomed ||
      member.encoding != cross::Encoding::kProtocol) {
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
  member.queue->append(entry);
  counters_.missed_notices.add();
}

void Delivery::expire(MemberIndex index) {
  Member& member = members_[index];
  if (member.queue == nullptr) return;
  OutboundQueue& queue = *member.queue;
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  while (QueuedMessage* expired = queue.take_expired(now_ms_)) {
    drop_queued(member, expired, cross::DropCause::kExpired);
  }
  account(member, size_before, messages_before);
  if (const std::uint64_t next = queue.next_expiry_ms(); next != 0) transport_.wake_at(index, next);
  release_if_empty(member);
}

void Delivery::discard_waiting(MemberIndex index, cross::DropCause cause) {
  Member& member = members_[index];
  if (member.queue == nullptr) return;
  OutboundQueue& queue = *member.queue;
  const std::uint64_t size_before = queue.size();
  const std::uint32_t messages_before = queue.messages();
  while (QueuedMessage* entry = queue.take_oldest()) drop_queued(member, entry, cause);
  account(member, size_before, messages_before);
  release_if_empty(member);
}

void Delivery::end(MemberIndex index) {
  Member& member = members_[index];
  if (member.batch_entry != kNoBatchEntry) {
    Entry& entry = entries_[member.batch_entry];
    for (std::uint32_t g = entry.first; g != kNoBatchEntry; g = gathered_[g].next) {
      ++gathered_[g].receipt->dropped;
      count_drop(member, **gathered_[g].message, cross::DropCause::kEnded);
    }
    entry.member = kNoMember;
    member.batch_entry = kNoBatchEntry;
  }
  if (member.queue == nullptr) return;
  const std::uint64_t size_before = member.queue->size();
  const std::uint32_t messages_before = member.queue->messages();
  while (QueuedMessage* entry = member.queue->take_first()) {
    drop_queued(member, entry, member.doomed ? cross::DropCause::kSlow : cross::DropCause::kEnded);
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
             cross::Encoding::kPlain, nullptr, 0);
  on_writable(index);
}

}  // namespace hub
