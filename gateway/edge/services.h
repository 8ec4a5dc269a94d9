// What the edge needs of its shard and of other shards. Implemented by shard/shard.h.
//
// Owner: Shard.   Thread: the shard's. Answers come back through Edge's functions, never from
// within the call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/cross/ids.h"
#include "gateway/cross/shard_set.h"
#include "gateway/edge/moving.h"
#include "gateway/hub/channel_home.h"
#include "proto/push/push_request.h"

namespace edge {

class Services {
 public:
  virtual ~Services() = default;
  [[nodiscard]] virtual cross::ShardIndex home_of(std::string_view uid) const = 0;
  virtual void move(cross::ShardIndex to, std::unique_ptr<Moving> connection) = 0;

  // A client's message to its room. Ask may_publish() first and stop reading while it is false.
  [[nodiscard]] virtual bool may_publish(std::string_view channel) const = 0;
  virtual void publish(std::string_view channel, push::PayloadKind kind,
                       std::string_view payload) = 0;

  // The member is subscribed here, pending; Edge::on_subscribed() follows. Ask may_subscribe()
  // first and stop reading while it is false.
  [[nodiscard]] virtual bool may_subscribe() const = 0;
  virtual void confirm_subscription(cross::ConnectionId member, std::uint64_t request,
                                    std::string_view channel, std::uint32_t serial,
                                    std::optional<hub::Position> recover_from) = 0;

  // Connections of all shards together, for connections_max. False: there are too many.
  [[nodiscard]] virtual bool take_connection() = 0;
  virtual void give_back_connection() = 0;
  [[nodiscard]] virtual cross::ShardIndex shard_count() const = 0;
  [[nodiscard]] virtual cross::ShardSet::ByAddress& by_address() = 0;
  // The gateway holds its maximum of memory: nobody new is let in.
  [[nodiscard]] virtual bool memory_full() const = 0;
  // The gateway is ending, whether or not this shard has been told so yet.
  [[nodiscard]] virtual bool draining() const = 0;
};

}  // namespace edge
