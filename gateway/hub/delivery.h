// Brings messages to members. An idle member's messages of one turn are gathered and leave with one
// send; what the kernel does not take, and everything for a member that has a backlog already,
// waits in that member's queue under its policy.
//
//   deliver() ──> gathered entry ──flush()──> written, or the rest queued
//            └──> queue (backlog) ──on_writable()──> written
//
// What comes for a subscription that is not confirmed yet is held back until it is.
//
// Owner: Hub.   Thread: the shard's.   Bound: the queues' limits, which what is held back may reach
// once more; at most kGatheredMax messages are
// gathered for one member and kGatheredTotalMax for all before they are flushed.
#pragma once

#include <sys/uio.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cross/counters.h"
#include "gateway/cross/message.h"
#include "gateway/hub/compressor.h"
#include "gateway/hub/member_table.h"
#include "gateway/hub/outbound_queue.h"
#include "gateway/hub/pending.h"
#include "gateway/hub/transport.h"
#include "gateway/hub/watch.h"
#include "proto/base/bytes.h"
#include "proto/push/push_request.h"
#include "proto/ws/opcode.h"

namespace hub {

// What a profile asks of its connections' queues, and of what is sent to them.
struct QueueRules {
  QueueLimits limits;
  push::Policy overflow = push::Policy::kClose;  // For messages whose policy is kQueue.
  std::uint32_t deflate_size_min = 0;            // Payloads below this are not compressed.
};

class Delivery {
 public:
  Delivery(MemberTable& members, Watches& watches, Transport& transport, cross::Counters& counters);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void set_rules(std::vector<QueueRules> by_profile) { rules_ = std::move(by_profile); }
  void set_compression(const CompressionRules& rules) { compressor_.configure(rules); }
  // `context_room`: bytes that compression contexts may take up in this turn.
  void begin_turn(std::uint64_t context_room = ~std::uint64_t{0}) {
    compressor_.begin_turn(context_room);
  }
  // Gives up compression contexts of about so many bytes: what follows there refers to nothing.
  void let_go_of_contexts(std::uint64_t size) { compressor_.let_go_of_contexts(size); }
  void set_now(std::uint64_t now_ms) { now_ms_ = now_ms; }

  // Delivers to one active member, or drops what has outlived its time. The message and the receipt
  // must live until the next flush(); the receipt is final (but for what a watch adds) after it.
  void deliver(MemberIndex index, const cross::MessageRef& message, push::Receipt& receipt,
               Watch* watch);

  // In place of deliver(), while the subscription (by its serial) is pending: the message waits for
  // deliver_pending() or drop_pending(). Its receipt counts it as queued, or as dropped where the
  // queue's limits and policy say so.
  void hold(MemberIndex index, std::uint32_t subscription, const cross::MessageRef& message,
            push::Receipt& receipt, Watch* watch);
  // The subscription is confirmed, and the client told: sends what was held back for it.
  void deliver_pending(MemberIndex index, std::uint32_t subscription);
  // The subscription has ended without.
  void drop_pending(MemberIndex index, std::uint32_t subscription);
  // The member has left all its channels.
  void drop_all_pending(MemberIndex index, cross::DropCause cause);

  // Bytes that end with the member: what waits for it (messages that wait for others, too, as if
  // they did not), and its compression context.
  [[nodiscard]] std::uint64_t held_for(MemberIndex index) const;

  // Sends what deliver() has gathered.
  void flush();

  // Bytes for one member that are framed already: answers and control frames. They leave at once
  // when nothing waits; else they wait: control frames (control_kind: the opcode) in place of an
  // earlier one of their kind, data (0) within the limits. False: there was no room for data.
  // A Close frame leaves after all that waits, and no data is sent after it.
  bool send_framed(MemberIndex index, std::span<const std::byte> head,
                   std::span<const std::byte> rest, std::uint8_t control_kind);

  // A text of ours as a compressed frame, to be given to send_framed() at once. False: `out` is
  // unchanged, and it goes plain.
  [[nodiscard]] bool deflate_answer(MemberIndex index, ws::Opcode opcode, dunlin::ConstBytes text,
                                    std::string& out);

  // The member's descriptor takes bytes again. True: about `size_max` bytes have left, and more
  // wait that the kernel would take; nothing tells of that a second time.
  bool on_writable(MemberIndex index, std::uint64_t size_max = ~std::uint64_t{0});

  // Drops what has outlived its time in the member's queue.
  void expire(MemberIndex index);

  // Drops all data that waits for the member, gathered or queued, but for a frame that is partly on
  // the wire. Control frames stay.
  void discard_waiting(MemberIndex index, cross::DropCause cause);
  // Drops everything: the connection has ended.
  void end(MemberIndex index);

  // Takes the unsent bytes out of the queue, in order, for a member that moves to another shard.
  std::string take_unsent(MemberIndex index);
  // What take_unsent() gave, on the new shard: it goes before everything else.
  void resume_unsent(MemberIndex index, std::string_view bytes);

 private:
  static constexpr std::size_t kGatheredMax = 64;
  static constexpr std::size_t kGatheredTotalMax = 16'384;  // 1 MiB with what is made of it.
  static constexpr std::size_t kJoinedMax = 128 << 10;      // Bytes of frames joined in a flush.
  static constexpr std::uint16_t kNoOwnFrame = 0xFFFF;

  struct Gathered {  // A message for a member, until flush().
    const cross::MessageRef* message;
    push::Receipt* receipt;
    Watch* watch;
    std::uint32_t next;  // Of the same member; kNoBatchEntry: the last.
    cross::Encoding encoding;
    std::uint16_t own = kNoOwnFrame;  // Index into own_: compressed for this member alone.
  };
  static_assert(kGatheredTotalMax <= kNoOwnFrame);
  struct Entry {  // A member with gathered messages.
    MemberIndex member;
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t count;
  };

  [[nodiscard]] cross::Encoding encoding_for(const Member& member, const cross::Message& message);
  void gather(MemberIndex index, Gathered gathered);
  void build_operations();
  void enqueue_gathered(const Entry& entry);
  [[nodiscard]] std::span<const std::byte> frame_of(const Gathered& gathered) const;
  void compress_own(const Entry& entry);
  [[nodiscard]] bool alike(const Entry& a, const Entry& b) const;
  [[nodiscard]] bool join(const Entry& entry, iovec& part);
  void settle_operation(const net::SendOperation& operation, const Entry& entry);
  void record_written(const cross::Message& message, push::Receipt& receipt);

  // What is held back (delivery_pending.cc).
  bool make_pending_room(MemberIndex index, std::size_t frame_size, push::Policy policy);
  std::vector<PendingMessage> take_pending(MemberIndex index, std::uint32_t subscription);
  void drop_pending(MemberIndex index, const PendingMessage& pending, cross::DropCause cause);
  void settle_pending(const PendingMessage& pending, const push::Receipt& fate);

  // Queueing (delivery_queue.cc).
  void enqueue(MemberIndex index, const cross::MessageRef& message, cross::Encoding encoding,
               push::Receipt& receipt, Watch* watch);
  bool make_room(Member& member, MemberIndex index, std::size_t frame_size, push::Policy policy);
  bool conflate(MemberIndex index, const cross::MessageRef& message, cross::Encoding encoding,
                push::Receipt& receipt, Watch* watch);
  OutboundQueue& queue_of(Member& member);
  void queue_rest(Member& member, const cross::MessageRef& message, cross::Encoding encoding,
                  Watch* watch, Lane lane, std::size_t offset);
  void tell_missed(Member& member);
  void finish_queued(QueuedMessage* entry);
  void drop(MemberIndex index, const cross::Message& message, push::Receipt& receipt, Watch* watch,
            cross::DropCause cause);
  void drop_gathered(MemberIndex index, cross::DropCause cause);
  void drop_queued(MemberIndex index, QueuedMessage* entry, cross::DropCause cause);
  void count_drop(Member& member, const cross::Message& message, cross::DropCause cause);
  void account(Member& member, std::uint64_t size_before, std::uint32_t messages_before);
  void release_if_empty(Member& member);

  MemberTable& members_;
  Watches& watches_;
  Transport& transport_;
  cross::Counters& counters_;
  std::vector<QueueRules> rules_;
  QueuedMessagePool pool_;
  boost::unordered_flat_map<MemberIndex, PendingQueue> pending_;
  Compressor compressor_;
  std::uint64_t now_ms_ = 0;

  std::vector<Entry> entries_;
  std::vector<Gathered> gathered_;
  std::vector<net::SendOperation> operations_;
  std::vector<std::uint32_t> operation_entries_;  // Index into entries_, by operation.
  std::vector<iovec> parts_;
  std::vector<std::byte> joined_;
  std::vector<cross::MessageRef> own_;
  std::uint64_t latency_accepted_ns_ = 0;  // Whose latency was computed last in this flush.
  std::uint64_t latency_ns_ = 0;
};

}  // namespace hub
