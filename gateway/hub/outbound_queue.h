// What waits for one connection that does not take bytes at the moment. Four lanes: control frames
// first, then targeted messages, then fan-outs, and the Close frame last. What is started goes
// before all of them: a frame that is partly on the wire, and frames that are encrypted already.
//
// A pure structure: it holds references and tells what must give way; it sends nothing and counts
// nothing. Owner: the member.   Thread: the shard's.   Bound: Limits, control frames apart, of
// which there is at most one pong, one ping, one close and one notice at a time; a single message,
// which may be of any size; and what one TLS step holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/cross/message.h"

namespace hub {

struct Watch;

enum class Lane : std::uint8_t { kControl, kTargeted, kFanout, kClose };
inline constexpr std::size_t kLanes = 4;

inline Lane lane_of(const cross::Message& message) {
  return message.fanout() ? Lane::kFanout : Lane::kTargeted;
}

struct QueueLimits {
  std::uint32_t size_max = 0;  // Bytes of data frames.
  std::uint32_t messages_max = 0;
};

// A message that waits.
struct QueuedMessage {
  cross::MessageRef message;
  Watch* watch = nullptr;  // Somebody waits for its fate.
  QueuedMessage* next = nullptr;
  cross::Encoding encoding = cross::Encoding::kPlain;
  Lane lane = Lane::kTargeted;
  std::uint8_t control_kind = 0;  // Of a control frame: its opcode. The next one replaces it.
  bool conflated = false;         // Its receipt counts it as conflated, not as queued.

  [[nodiscard]] std::span<const std::byte> frame() const { return message->frame(encoding); }
  [[nodiscard]] bool is_data() const { return lane == Lane::kTargeted || lane == Lane::kFanout; }
};

// Free list of queue entries: a backlog of a slow connection is built and taken down all the time.
class QueuedMessagePool {
 public:
  QueuedMessagePool() = default;
  ~QueuedMessagePool();
  QueuedMessagePool(const QueuedMessagePool&) = delete;
  QueuedMessagePool& operator=(const QueuedMessagePool&) = delete;
  [[nodiscard]] QueuedMessage* take();
  void give_back(QueuedMessage* entry);

 private:
  static constexpr std::size_t kFreeMax = 4'096;  // What is kept for the next backlog: 200 KiB.
  QueuedMessage* free_ = nullptr;
  std::size_t free_count_ = 0;
};

class OutboundQueue {
 public:
  // Appends to its lane, whatever the limits.
  void append(QueuedMessage* entry);
  // Appends to what is started. Of the first one, `offset` bytes are out.
  void append_started(QueuedMessage* entry, std::size_t offset);

  // Whether a data frame of this size still fits. One does whatever its size when no other waits:
  // the limits are about piling up, not about how large a message may be.
  [[nodiscard]] bool fits(std::size_t frame_size, const QueueLimits& limits) const {
    return messages_ == 0 ||
           (size_ + frame_size <= limits.size_max && messages_ < limits.messages_max);
  }
  // Whether it would fit after take_oldest_push() had taken all there is for it.
  [[nodiscard]] bool could_fit(std::size_t frame_size, const QueueLimits& limits) const {
    const std::uint64_t messages_left = messages_ - droppable_;
    return messages_left == 0 || (size_ - droppable_size_ + frame_size <= limits.size_max &&
                                  messages_left < limits.messages_max);
  }
  // Whether it fits in place of a waiting message.
  [[nodiscard]] bool fits_instead(const QueuedMessage& entry, std::size_t frame_size,
                                  const QueueLimits& limits) const {
    return messages_ == 1 || size_ - entry.frame().size() + frame_size <= limits.size_max;
  }

  // The waiting, not yet started message with the same conflation key and channel in the message's
  // lane, or null. In another lane it would overtake, or be overtaken by, what it must not.
  [[nodiscard]] QueuedMessage* find_conflatable(const cross::Message& message);
  // The waiting control frame of this kind, or null.
  [[nodiscard]] QueuedMessage* find_control(std::uint8_t control_kind);
  // Puts another message in an entry's place.
  void replace(QueuedMessage& entry, cross::MessageRef message, cross::Encoding encoding,
               Watch* watch);
  // Takes out a waiting, not yet started message.
  void take(QueuedMessage* entry);

  // Takes out the oldest data message that has not been started: fan-outs give way first.
  QueuedMessage* take_oldest();
  // The same, but only what somebody pushed: answers of our own are promised to the client.
  QueuedMessage* take_oldest_push();
  // Takes out the first message in sending order.
  QueuedMessage* take_first();
  // Takes out the first data message whose time to live is over.
  QueuedMessage* take_expired(std::uint64_t now_ms);
  // When take_expired() should next be called: not later than the next one expires; 0: none does.
  [[nodiscard]] std::uint64_t next_expiry_ms() const {
    return expiring_ == 0 ? 0 : expiry_floor_ms_;
  }

  // The frames in sending order, at most `max`. The first one may be started: offset() bytes of it
  // are out already.
  std::size_t gather(std::span<QueuedMessage*> out) const;
  [[nodiscard]] std::size_t offset() const { return offset_; }
  // The first frame is out up to `offset`; it and all that `held` more bytes touch are started.
  void start(std::size_t offset, std::size_t held);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool started() const { return started_.first != nullptr; }
  [[nodiscard]] std::uint64_t size() const { return size_; }          // Data frames, bytes.
  [[nodiscard]] std::uint32_t messages() const { return messages_; }  // Data frames.
  // Of size(): answers of our own that are not started.
  [[nodiscard]] std::uint64_t answers_size() const;

 private:
  struct List {
    QueuedMessage* first = nullptr;
    QueuedMessage* last = nullptr;
  };
  static void push_back(List& list, QueuedMessage* entry);
  [[nodiscard]] QueuedMessage* take_first_of_lanes();
  void unlink(List& list, QueuedMessage* before, QueuedMessage* entry);
  void count_in(const QueuedMessage& entry);
  void count_out(const QueuedMessage& entry);
  void enter_lane(const QueuedMessage& entry);
  void leave_lane(const QueuedMessage& entry);

  std::array<List, kLanes> lanes_{};
  List started_;            // In no lane: not to be overtaken, replaced or dropped.
  std::size_t offset_ = 0;  // Of the first of these.
  std::uint64_t size_ = 0;
  std::uint64_t started_size_ = 0;    // Of size_.
  std::uint64_t droppable_size_ = 0;  // Of size_: pushed by somebody and not started.
  std::uint32_t messages_ = 0;
  std::uint32_t droppable_ = 0;        // Of messages_, likewise.
  std::uint32_t expiring_ = 0;         // Waiting messages with a time to live, not started.
  std::uint64_t expiry_floor_ms_ = 0;  // None of them expires earlier: most looks end here.
};

}  // namespace hub
