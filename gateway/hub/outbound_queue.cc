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

void OutboundQueue::push_back(List& list, QueuedMessage* entry) {
  entry->next = nullptr;
  (list.last == nullptr ? list.first : list.last->next) = entry;
  list.last = entry;
}

void OutboundQueue::append(QueuedMessage* entry) {
  push_back(lanes_[static_cast<std::size_t>(entry->lane)], entry);
  enter_lane(*entry);
}

void OutboundQueue::append_started(QueuedMessage* entry, std::size_t offset) {
  DUNLIN_ASSERT(offset == 0 || started_.first == nullptr);
  if (started_.first == nullptr) offset_ = offset;
  push_back(started_, entry);
  count_in(*entry);
  if (entry->is_data()) started_size_ += entry->frame().size();
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
  if (QueuedMessage* entry = started_.first; entry != nullptr) {
    started_.first = entry->next;
    if (started_.first == nullptr) started_.last = nullptr;
    entry->next = nullptr;
    offset_ = 0;
    count_out(*entry);
    if (entry->is_data()) started_size_ -= entry->frame().size();
    return entry;
  }
  return take_first_of_lanes();
}

QueuedMessage* OutboundQueue::take_first_of_lanes() {
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
  const auto take_from = [&](const List& list) {
    for (auto* entry = list.first; entry != nullptr && count < out.size(); entry = entry->next) {
      out[count++] = entry;
    }
  };
  take_from(started_);
  for (const List& list : lanes_) take_from(list);
  return count;
}

void OutboundQueue::start(std::size_t offset, std::size_t held) {
  std::size_t started = 0;
  for (auto* entry = started_.first; entry != nullptr; entry = entry->next) {
    started += entry->frame().size();
  }
  while (started < offset + held) {
    QueuedMessage* entry = take_first_of_lanes();
    DUNLIN_ASSERT(entry != nullptr);
    append_started(entry, 0);
    started += entry->frame().size();
  }
  offset_ = offset;
}

std::uint64_t OutboundQueue::answers_size() const {
  return size_ - droppable_size_ - started_size_;
}

bool OutboundQueue::empty() const {
  return started_.first == nullptr && std::all_of(lanes_.begin(), lanes_.end(),
                                                  [](const List& l) { return l.first == nullptr; });
}

}  // namespace hub
