// What waits for one connection that does not take bytes at the moment. Three lanes: control
// frames first, then targeted messages, then fan-outs; the frame that is partly on the wire goes
// before all of them.
//
// A pure structure: it holds references and tells what must give way; it sends nothing and counts
// nothing. Owner: the member.   Thread: the shard's.   Bound: Limits, control frames apart, of
// which there is at most one pong, one ping, one close and one notice at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/cross/message.h"

namespace hub {

struct Watch;

enum class Lane : std::uint8_t { kControl, kTargeted, kFanout };
inline constexpr std::size_t kLanes = 3;

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
  std::uint8_t control_kind = 0;  // Of a control frame: its opcode; the next of its kind replaces it.

  [[nodiscard]] std::span<const std::byte> frame() const { return message->frame(encoding); }
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
  // The first frame has been written up to `offset`.
  void begin_partial(QueuedMessage* entry, std::size_t offset);

  // Whether a data frame of this size still fits.
  [[nodiscard]] bool fits(std::size_t frame_size, const QueueLimits& limits) const {
    return size_ + frame_size <= limits.size_max && messages_ < limits.messages_max;
  }

  // The waiting, not yet started message with the same conflation key and channel, or null.
  [[nodiscard]] QueuedMessage* find_conflatable(const cross::Message& message);
  // The waiting control frame of this kind, or null.
  [[nodiscard]] QueuedMessage* find_control(std::uint8_t control_kind);
  // Puts another message in an entry's place.
  void replace(QueuedMessage& entry, cross::MessageRef message, cross::Encoding encoding,
               Watch* watch);

  // Takes out the oldest data message that has not been started: fan-outs give way first.
  QueuedMessage* take_oldest();
  // Takes out the first message in sending order.
  QueuedMessage* take_first();
  // Takes out the first data message whose time to live is over.
  QueuedMessage* take_expired(std::uint64_t now_ms);
  // When the next one expires; 0: none does.
  [[nodiscard]] std::uint64_t next_expiry_ms() const;

  // The frames in sending order, at most `max`. The first one may be started: offset() bytes of it
  // are out already.
  std::size_t gather(std::span<QueuedMessage*> out) const;
  [[nodiscard]] std::size_t offset() const { return offset_; }
  // The first frame is out (offset back to 0), or out up to `offset`.
  void set_offset(std::size_t offset);

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool started() const { return partial_ != nullptr; }
  [[nodiscard]] std::uint64_t size() const { return size_; }          // Data frames, bytes.
  [[nodiscard]] std::uint32_t messages() const { return messages_; }  // Data frames.

 private:
  struct List {
    QueuedMessage* first = nullptr;
    QueuedMessage* last = nullptr;
  };
  void unlink(List& list, QueuedMessage* before, QueuedMessage* entry);
  void count_in(const QueuedMessage& entry);
  void count_out(const QueuedMessage& entry);

  std::array<List, kLanes> lanes_{};
  QueuedMessage* partial_ = nullptr;  // Partly on the wire; in no lane.
  std::size_t offset_ = 0;
  std::uint64_t size_ = 0;
  std::uint32_t messages_ = 0;
  std::uint32_t expiring_ = 0;  // Messages with a time to live.
  std::uint64_t expiry_floor_ms_ = 0;  // None of them expires earlier: most looks end here.
};

}  // namespace hub
