// Messages for one connection whose subscription to their channel waits for the answer of the
// channel's home (hub/channel_table.h), which the client is to see first. Live messages only, which
// are for whoever is here: what is stored and comes before that answer is older than the
// subscription. Oldest first, of all such subscriptions together.
//
// A pure structure, as OutboundQueue. Owner: Delivery.   Thread: the shard's.   Bound: the limits
// of the connection's queue, which count these apart; a single message may be of any size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "gateway/cross/message.h"
#include "gateway/hub/outbound_queue.h"

namespace hub {

struct PendingMessage {
  cross::MessageRef message;
  Watch* watch = nullptr;          // Somebody waits for its fate.
  std::uint32_t subscription = 0;  // Its serial.

  [[nodiscard]] std::size_t size() const { return message->frame(cross::Encoding::kPlain).size(); }
};

class PendingQueue {
 public:
  [[nodiscard]] bool fits(std::size_t frame_size, const QueueLimits& limits) const {
    return messages_.empty() ||
           (size_ + frame_size <= limits.size_max && messages_.size() < limits.messages_max);
  }
  void append(PendingMessage message) {
    size_ += message.size();
    messages_.push_back(std::move(message));
  }
  PendingMessage take_oldest() {
    PendingMessage oldest = std::move(messages_.front());
    messages_.pop_front();
    size_ -= oldest.size();
    return oldest;
  }
  // All of one subscription, in order.
  std::vector<PendingMessage> take(std::uint32_t subscription) {
    std::vector<PendingMessage> taken;
    std::deque<PendingMessage> others;
    for (PendingMessage& message : messages_) {
      if (message.subscription == subscription) {
        size_ -= message.size();
        taken.push_back(std::move(message));
      } else {
        others.push_back(std::move(message));
      }
    }
    messages_ = std::move(others);
    return taken;
  }

  [[nodiscard]] bool empty() const { return messages_.empty(); }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  std::deque<PendingMessage> messages_;
  std::uint64_t size_ = 0;
};

}  // namespace hub
