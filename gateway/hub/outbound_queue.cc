#include "gateway/hub/outbound_queue.h"

#include <algorithm>
#include <utility>

#include "proto/base/assert.h"

namespace hub {

QueuedMessagePool::~QueuedMessagePool() {
  while (free_ != nullptr) delete std::exchange(free_, free_->next);
}

QueuedMessage* QueuedMessagePool::take() {
  if (free_ == nullptr) return new QueuedMessage;
  --free_count_;
  QueuedMessage* entry = std::exchange(free_, free_->next);
  entry->next = nullptr;
  return entry;
}

void QueuedMessagePool::give_back(QueuedMessage* entry) {
  if (free_count_ == kFreeMax) {
    delete entry;
    return;
  }
  *entry = QueuedMessage{};
  entry->next = std::exchange(free_, entry);
  ++free_count_;
}

void OutboundQueue::count_in(const QueuedMessage& entry) {
  if (!entry.is_data()) return;
  size_ += entry.frame().size();
  ++messages_;
}

void OutboundQueue::count_out(const QueuedMessage& entry) {
  if (!entry.is_data()) return;
  size_ -= entry.frame().size();
  --messages_;
}

// What is in a lane may still be dropped; what is started may not.
void OutboundQueue::enter_lane(const QueuedMessage& entry) {
  count_in(entry);
  if (entry.is_data() && entry.message->is_push()) {
    droppable_size_ += entry.frame().size();
    ++droppable_;
  }
  if (const std::uint64_t expires = entry.message->expires_ms(); expires != 0) {
    expiry_floor_ms_ = expiring_ == 0 ? expires : std::min(expiry_floor_ms_, expires);
    ++expiring_;
  }
}

void OutboundQueue::leave_lane(const QueuedMessage& entry) {
  count_out(entry);
  if (entry.is_data() && entry.message->is_push()) {
    droppable_size_ -= entry.frame().size();
    --droppable_;
  }
  if (entry.message->expires_ms() != 0) --expiring_;
}

void OutboundQueue::append(QueuedMessage* entry) {
  List& list = lanes_[static_cast<std::size_t>(entry->lane)];
  entry->next = nullptr;
  (list.last == nullptr ? list.first : list.last->next) = entry;
  list.last = entry;
  enter_lane(*entry);
}

void OutboundQueue::begin_partial(QueuedMessage* entry, std::size_t offset) {
  DUNLIN_ASSERT(partial_ == nullptr);
  partial_ = entry;
  offset_ = offset;
  count_in(*entry);
}

QueuedMessage* OutboundQueue::find_conflatable(const cross::Message& message) {
  if (message.conflate_key().empty()) return nullptr;
  for (auto* entry = lanes_[static_cast<std::size_t>(lane_of(message))].first; entry != nullptr;
       entry = entry->next) {
    const cross::Message& waiting = *entry->message;
    if (waiting.conflate_hash() == message.conflate_hash() &&
        waiting.conflate_key() == message.conflate_key() &&
        waiting.channel() == message.channel()) {
      return entry;
    }
  }
  return nullptr;
}

QueuedMessage* OutboundQueue::find_control(std::uint8_t control_kind) {
  for (const Lane lane : {Lane::kControl, Lane::kClose}) {
    for (auto* entry = lanes_[static_cast<std::size_t>(lane)].first; entry != nullptr;
         entry = entry->next) {
      if (entry->control_kind == control_kind) return entry;
    }
  }
  return nullptr;
}

void OutboundQueue::replace(QueuedMessage& entry, cross::MessageRef message,
                            cross::Encoding encoding, Watch* watch) {
  leave_lane(entry);
  entry.message = std::move(message);
  entry.encoding = encoding;
  entry.watch = watch;
  enter_lane(entry);
}

void OutboundQueue::take(QueuedMessage* entry) {
  List& list = lanes_[static_cast<std::size_t>(entry->lane)];
  QueuedMessage* before = nullptr;
  for (auto* other = list.first; other != entry; other = other->next) before = other;
  unlink(list, before, entry);
}

void OutboundQueue::unlink(List& list, QueuedMessage* before, QueuedMessage* entry) {
  (before == nullptr ? list.first : before->next) = entry->next;
  if (list.last == entry) list.last = before;
  entry->next = nullptr;
  leave_lane(*entry);
}

QueuedMessage* OutboundQueue::take_oldest() {
  for (const Lane lane : {Lane::kFanout, Lane::kTargeted}) {
    List& list = lanes_[static_cast<std::size_t>(lane)];
    if (QueuedMessage* entry = list.first; entry != nullptr) {
      unlink(list, nullptr, entry);
      return entry;
    }
  }
  return nullptr;
}

QueuedMessage* OutboundQueue::take_oldest_push() {
  if (droppable_ == 0) return nullptr;
  for (const Lane lane : {Lane::kFanout, Lane::kTargeted}) {
    List& list = lanes_[static_cast<std::size_t>(lane)];
    QueuedMessage* before = nullptr;
    for (auto* entry = list.first; entry != nullptr; before = entry, entry = entry->next) {
      if (!entry->message->is_push()) continue;
      unlink(list, before, entry);
      return entry;
    }
  }
  return nullptr;
}

QueuedMessage* OutboundQueue::take_first() {
  if (partial_ != nullptr) {
    offset_ = 0;
    count_out(*partial_);
    return std::exchange(partial_, nullptr);
  }
  for (List& list : lanes_) {
    if (QueuedMessage* entry = list.first; entry != nullptr) {
      unlink(list, nullptr, entry);
      return entry;
    }
  }
  return nullptr;
}

QueuedMessage* OutboundQueue::take_expired(std::uint64_t now_ms) {
  if (expiring_ == 0 || now_ms < expiry_floor_ms_) return nullptr;
  std::uint64_t earliest = 0;
  for (List& list : lanes_) {
    QueuedMessage* before = nullptr;
    for (auto* entry = list.first; entry != nullptr; before = entry, entry = entry->next) {
      const std::uint64_t expires = entry->message->expires_ms();
      if (expires == 0) continue;
      if (expires > now_ms) {
        earliest = earliest == 0 ? expires : std::min(earliest, expires);
        continue;
      }
      unlink(list, before, entry);
      return entry;
    }
  }
  expiry_floor_ms_ = earliest;
  return nullptr;
}

std::size_t OutboundQueue::gather(std::span<QueuedMessage*> out) const {
  std::size_t count = 0;
  if (partial_ != nullptr && !out.empty()) out[count++] = partial_;
  for (const List& list : lanes_) {
    for (auto* entry = list.first; entry != nullptr && count < out.size(); entry = entry->next) {
      out[count++] = entry;
    }
  }
  return count;
}

void OutboundQueue::set_offset(std::size_t offset) {
  if (offset != 0 && partial_ == nullptr) {
    // The first frame of the first lane that has one is now partly out: it leaves its lane, so that
    // nothing can overtake, replace or drop it.
    QueuedMessage* entry = take_first();
    begin_partial(entry, offset);
    return;
  }
  offset_ = offset;
}

std::uint64_t OutboundQueue::answers_size() const {
  const bool partial_counts = partial_ != nullptr && partial_->is_data();
  return size_ - droppable_size_ - (partial_counts ? partial_->frame().size() : 0);
}

bool OutboundQueue::empty() const {
  return partial_ == nullptr && std::all_of(lanes_.begin(), lanes_.end(),
                                            [](const List& l) { return l.first == nullptr; });
}

}  // namespace hub
