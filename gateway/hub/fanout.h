// Fan-outs: a message to every subscriber of a channel on this shard, or to every member. They run
// in slices between looks at everything else, so that a targeted push never waits for a broadcast.
// All messages that pile up for one list of receivers travel in one sweep over it: each receiver
// gets them with one send.
//
// Owner: Hub.   Thread: the shard's.   Bound: fanouts_max messages, kSweepMax of them a sweep.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/cross/message.h"
#include "gateway/hub/channel_table.h"
#include "gateway/hub/delivery.h"
#include "proto/push/push_request.h"

namespace hub {

// A message under way to many. Its owner keeps it alive until it is told that it is done.
struct FanoutMessage {
  cross::MessageRef message;
  push::Receipt* receipt = nullptr;
  Watch* watch = nullptr;
  std::vector<std::uint64_t> exclude;  // Connection ids, sorted.
  void* owner = nullptr;               // Handed back when it is done.
};

// A list of receivers and what waits for it.
struct FanoutTarget {
  Channel* channel = nullptr;  // Null: all members of `profile`.
  std::uint16_t profile = 0;
  std::deque<FanoutMessage> messages;
  std::size_t sweeping = 0;    // The first so many of `messages` are in the present sweep.
  std::uint32_t position = 0;  // Next receiver to visit.
  std::uint32_t end = 0;       // Receivers when the sweep began.
};

class Fanouts {
 public:
  // Every profile's members, for `all`.
  static constexpr std::uint16_t kEveryProfile = 0xFFFF;

  Fanouts(MemberTable& members, ChannelTable& channels, Delivery& delivery,
          std::uint32_t waiting_max);
  ~Fanouts();
  Fanouts(const Fanouts&) = delete;
  Fanouts& operator=(const Fanouts&) = delete;

  // Whether no further message should be accepted, with `coming` accepted and not added yet. What
  // has been accepted may be added all the same.
  [[nodiscard]] bool full(std::uint32_t coming = 0) const {
    return waiting_ + coming >= waiting_max_;
  }
  void to_channel(Channel& channel, FanoutMessage message);
  void to_all(std::uint16_t profile, FanoutMessage message);

  // Visits up to `budget` receivers (fewer when there are many messages for each), and flushes.
  // Lists of receivers take turns. Owners of messages that every receiver has been visited for are
  // appended to `done`. Returns what was used of the budget.
  std::uint32_t run(std::uint32_t budget, std::vector<void*>& done);

  // Whether run() has something to do.
  [[nodiscard]] bool any() const { return !active_.empty(); }
  [[nodiscard]] std::uint32_t waiting() const { return waiting_; }

 private:
  static constexpr std::size_t kSweepMax = 64;

  FanoutTarget& target_for(Channel* channel, std::uint16_t profile);
  void add(FanoutTarget& target, FanoutMessage message);
  void begin_sweep(FanoutTarget& target);
  std::uint32_t sweep(FanoutTarget& target, std::uint32_t budget);
  void end_sweep(FanoutTarget& target, std::vector<void*>& done);
  bool visit(const FanoutTarget& target, MemberIndex entry);
  bool admit(Channel& channel, MemberIndex index, const FanoutMessage& fanout);
  void finish(const FanoutTarget& target);
  [[nodiscard]] bool excluded(const FanoutMessage& message, MemberIndex index) const;

  MemberTable& members_;
  ChannelTable& channels_;
  Delivery& delivery_;
  const std::uint32_t waiting_max_;
  std::uint32_t waiting_ = 0;
  std::deque<std::unique_ptr<FanoutTarget>> active_;             // Round robin.
  boost::unordered_flat_map<std::uint16_t, FanoutTarget*> all_;  // Of those, the ones by profile.
};

}  // namespace hub
