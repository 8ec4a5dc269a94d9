// Who on this shard is subscribed to what. The channel's own state (offset, history, which shards
// care) is with its home shard: hub/channel_home.h.
//
// A fan-out visits the subscribers in slices, and the list may change in between. Therefore a
// subscriber that leaves while a sweep is under way leaves a gap, newcomers stand at the end, and
// gaps are closed when no sweep is under way.
//
// Owner: Hub.   Thread: the shard's.   Bound: subscriptions_max for each connection.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cross/message.h"
#include "gateway/cross/slots.h"
#include "gateway/hub/member_table.h"

namespace hub {

struct StringHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const { return cross::hash_of(text); }
};

struct FanoutTarget;

// Set on an entry of Channel::subscribers while the subscription is pending, and then until a
// publication newer than its start has passed: older ones may still be under way to this shard.
inline constexpr MemberIndex kNewcomerBit = 0x80000000;

struct Channel {
  std::string name;
  std::vector<MemberIndex> subscribers;  // kNoMember: a gap. May have kNewcomerBit.
  FanoutTarget* fanout = nullptr;        // While messages are under way; see hub/fanout.h.
  std::uint32_t gaps = 0;
  std::uint32_t sweeps = 0;  // Sweeps under way: positions must not change.
  bool permanent = false;    // Of a profile: stays without subscribers.

  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(subscribers.size()) - gaps;
  }
};

// A member's side of a subscription.
struct Subscription {
  Channel* channel;
  std::uint32_t position;  // In channel->subscribers.
  // The home shard has not confirmed yet. Live messages are held back meanwhile: hub/pending.h.
  bool pending = false;
  std::uint64_t start = 0;  // Once confirmed: publications up to this offset are not for it.
  // Tells it from an earlier one of the same member to the same channel, whose confirmation may
  // still be under way.
  std::uint32_t serial = 0;
  bool revocable = false;  // The client's own, or its token's: it holds while the token allows it.
  bool revoked = false;    // Pending, and not allowed any more: it ends when it is confirmed.
};

struct Subscriptions {
  std::vector<Subscription> list;
};

class ChannelTable {
 public:
  explicit ChannelTable(MemberTable& members) : members_(members) {}
  ~ChannelTable();
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  [[nodiscard]] Channel* find(std::string_view name);
  Channel& open(std::string_view name);  // Finds or makes.
  void make_permanent(std::string_view name) { open(name).permanent = true; }

  // False: it was subscribed already. A pending one is to be confirmed.
  bool subscribe(MemberIndex index, Channel& channel, bool pending = false);
  // The subscription starts behind `offset`. False: it is gone, or was not pending.
  bool confirm(MemberIndex index, std::string_view channel, std::uint64_t offset);
  // For an entry with kNewcomerBit, when a fan-out visits it.
  enum class Admission : std::uint8_t {
    kDeliver,
    kHold,   // A live one, and the subscription is pending: it is to be held back.
    kOlder,  // The message is older than the subscription.
  };
  Admission admit_to_newcomer(Channel& channel, MemberIndex index, const cross::Message& message);
  // False: it was not subscribed. By Hub::unsubscribe().
  bool unsubscribe(MemberIndex index, std::string_view channel);
  void unsubscribe_all(MemberIndex index);

  [[nodiscard]] Subscription* subscription(MemberIndex index, const Channel& channel);
  [[nodiscard]] std::vector<std::string> channels_of(MemberIndex index) const;

  void begin_sweep(Channel& channel) { ++channel.sweeps; }
  void end_sweep(Channel& channel);

  // Channels that were left by their last subscriber, or ended a sweep without any, since the last
  // call: their home need not tell us any more. A channel may be named twice, or have come back.
  std::vector<std::string> take_abandoned() { return std::exchange(abandoned_, {}); }
  // Forgets a channel, if it still has no subscribers.
  void forget_if_empty(std::string_view name);

  [[nodiscard]] std::size_t size() const { return channels_.size(); }
  [[nodiscard]] std::uint64_t subscriptions() const { return subscriptions_; }

 private:
  void leave(Channel& channel, const Subscription& subscription);
  void close_gaps(Channel& channel);

  MemberTable& members_;
  boost::unordered_flat_map<std::string, std::unique_ptr<Channel>, StringHash, std::equal_to<>>
      channels_;
  std::vector<std::string> abandoned_;
  std::uint32_t serial_ = 0;  // Of the latest subscription.
  std::uint64_t subscriptions_ = 0;
};

}  // namespace hub
