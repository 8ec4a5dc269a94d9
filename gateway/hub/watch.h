// Follows one push on one shard after its first attempt, for callers who wait until each frame has
// left its queue (wait=written) or has been acknowledged (wait=acked).
//
// Owner: hub::Watches; whoever asked holds the pointer until it is finished or let go.
// Thread: the shard's.   Bound: pushes that wait; each has a timeout.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "gateway/cross/ids.h"
#include "gateway/hub/member.h"
#include "proto/push/push_request.h"

namespace hub {

struct Watch {
  push::Receipt* receipt = nullptr;  // Kept up to date; null once nobody waits any more.
  void* owner = nullptr;             // Whom to tell.
  std::uint32_t waiting = 0;         // Frames in queues that point here.
  bool wants_acks = false;
  bool noted = false;  // Is in the list of finished ones.
  cross::MessageId message;
  Watch* next_of_message = nullptr;  // Another one for the same message, on another channel.
  boost::unordered_flat_set<std::uint64_t> unacked;  // Receivers that have not acknowledged yet.
};

class Watches {
 public:
  Watch* open(push::Receipt& receipt, void* owner, cross::MessageId message, bool wants_acks);

  // A receiver has the message, or will; its acknowledgement is now awaited.
  void expect_ack(Watch& watch, cross::ConnectionId receiver);
  // The frame for this receiver was dropped: it will not acknowledge what it does not get.
  void give_up_ack(Watch& watch, cross::ConnectionId receiver);
  // One acknowledgement speaks for all frames of the message. Whether anybody waited for it.
  bool acknowledge(cross::MessageId message, cross::ConnectionId receiver);
  // A receiver is gone: its acknowledgement will never come.
  void forget_receiver(cross::ConnectionId receiver);

  // A watched frame has left its queue.
  void settle(Watch& watch);

  // The caller has stopped waiting (answered, or timed out). The watch lives on, detached, until
  // the last queued frame that points to it is gone.
  void let_go(Watch* watch);

  // Whether nothing is awaited any more.
  [[nodiscard]] static bool done(const Watch& watch) {
    return watch.waiting == 0 && watch.unacked.empty();
  }
  // Watches that became done since the last call; the caller lets go of each, or goes on waiting.
  std::vector<Watch*> take_finished();
  [[nodiscard]] bool any_finished() const { return !finished_.empty(); }

 private:
  bool end_awaiting(Watch& watch, cross::ConnectionId receiver);
  void forget_watch(const Watch& watch, std::uint64_t receiver);
  void stop_awaiting_acks(const Watch& watch);
  void note_if_done(Watch& watch);

  std::vector<Watch*> finished_;
  // The watches that await an acknowledgement of a receiver: one that leaves is asked for no more
  // than these, however many others wait. One entry for each receiver of each of them.
  boost::unordered_flat_map<std::uint64_t, std::vector<Watch*>> by_receiver_;
  // By message; the first of a chain.
  boost::unordered_flat_map<std::uint64_t, Watch*> awaiting_acks_;
};

}  // namespace hub
