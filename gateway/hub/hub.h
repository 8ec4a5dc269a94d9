// A shard's slice of the users and channels: who is here, and how a message reaches them. No
// sockets: what goes out goes through Transport.
//
// Owner: Shard.   Thread: the shard's.   Bounds: Options and the profiles' queue rules.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/cross/counters.h"
#include "gateway/cross/message.h"
#include "gateway/hub/channel_home.h"
#include "gateway/hub/channel_table.h"
#include "gateway/hub/delivery.h"
#include "gateway/hub/fanout.h"
#include "gateway/hub/member_table.h"
#include "gateway/hub/transport.h"
#include "gateway/hub/watch.h"

namespace hub {

class Hub {
 public:
  // How a member enters.
  struct Joining {
    std::int32_t handle = -1;
    std::uint32_t generation = 0;
    std::uint16_t profile = 0;
    cross::Encoding encoding = cross::Encoding::kPlain;
    Compression compression = {};
    bool internal = false;
  };

  Hub(cross::ShardIndex shard, Transport& transport, cross::Counters& counters,
      std::uint32_t fanouts_max)
      : members_(shard),
        channels_(members_),
        delivery_(members_, watches_, transport, counters),
        fanouts_(members_, channels_, delivery_, fanouts_max) {}

  // A connection exists: bytes can be sent to it, but no push reaches it yet.
  void join(MemberIndex index, const Joining& joining);
  // From here on pushes reach it. `uid` may be empty.
  void activate(MemberIndex index, std::string_view uid);
  // Pushes reach it no more; what waits in its queue may still leave.
  void deactivate(MemberIndex index);
  // It is gone. What waited is counted as dropped.
  void leave(MemberIndex index);

  // Delivers to every connection of the uid, whose cross::hash_of() is `hash`, but the excluded
  // ones (sorted ids). False: nobody is there.
  bool push_to_uid(std::string_view uid, std::uint64_t hash, const cross::MessageRef& message,
                   push::Receipt& receipt, Watch* watch,
                   std::span<const std::uint64_t> exclude = {});
  bool push_to_connection(cross::ConnectionId id, const cross::MessageRef& message,
                          push::Receipt& receipt, Watch* watch);

  // False: it was not subscribed. What was held back for the subscription goes with it.
  bool unsubscribe(MemberIndex index, std::string_view channel);

  [[nodiscard]] MemberTable& members() { return members_; }
  [[nodiscard]] ChannelTable& channels() { return channels_; }
  [[nodiscard]] ChannelHomes& homes() { return homes_; }
  [[nodiscard]] Delivery& delivery() { return delivery_; }
  [[nodiscard]] Fanouts& fanouts() { return fanouts_; }
  [[nodiscard]] Watches& watches() { return watches_; }

 private:
  MemberTable members_;
  Watches watches_;
  ChannelTable channels_;
  ChannelHomes homes_;
  Delivery delivery_;
  Fanouts fanouts_;
};

}  // namespace hub
