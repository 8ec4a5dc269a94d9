// The channels that are at home on this shard: each publication's offset, the history that clients
// recover from, and which shards have subscribers.
//
// A position is (epoch, offset). Offsets are dense within an epoch; a channel that is forgotten and
// comes back has another epoch, so that an old position can never seem to fit.
//
// Owner: Hub.   Thread: the shard's.   Bound: Limits; the oldest history gives way first.
#pragma once

#include <bitset>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/cross/ids.h"
#include "gateway/cross/message.h"
#include "gateway/hub/channel_table.h"

namespace hub {

using ShardMask = std::bitset<cross::kShardsMax>;

struct HistoryLimits {
  std::uint32_t channels_max = 0;    // 0 of anything below: no history.
  std::uint32_t messages_max = 0;    // Per channel.
  std::uint32_t size_max = 0;        // Bytes per channel.
  std::uint64_t total_size_max = 0;  // Memory of all channels: kKeptOverhead for each message, too.
  std::uint32_t ttl_ms = 0;
};

struct Position {
  std::string epoch;
  std::uint64_t offset = 0;
};

// What a subscriber gets to know and to catch up with.
struct Recovery {
  Position position;  // Of the newest publication.
  bool recovered = false;
  std::vector<cross::MessageRef> missed;  // In order; only with `recovered`.
};

struct HomeChannel {
  std::string name;
  std::string epoch;
  std::uint64_t offset = 0;
  ShardMask interested;
  std::deque<cross::MessageRef> history;
  std::uint64_t history_size = 0;
  std::uint32_t kept = 0;  // Entries of ChannelHomes::kept_ that point here.
};

class ChannelHomes {
 public:
  ChannelHomes() = default;
  void set_limits(const HistoryLimits& limits) { limits_ = limits; }

  // The channel, made if there is room for one more; else null.
  HomeChannel* open(std::string_view name);
  [[nodiscard]] const HomeChannel* find(std::string_view name) const;

  // Gives the message its offset and keeps it. The message is not shared yet. A channel that nobody
  // cares about and that keeps no history is forgotten at once: `channel` may be gone afterwards.
  void store(HomeChannel& channel, cross::MessageRef& message, std::uint64_t now_ms);

  // Every publication after this call reaches the shard, until interest ends.
  void add_interest(HomeChannel& channel, cross::ShardIndex shard) {
    channel.interested.set(shard);
  }
  void end_interest(std::string_view name, cross::ShardIndex shard);

  // Section 6 of the design: recovered means all that was missed is here, in order.
  [[nodiscard]] static Recovery recover(const HomeChannel& channel,
                                        const std::optional<Position>& from);
  [[nodiscard]] static std::vector<cross::MessageRef> since(const HomeChannel& channel,
                                                            std::uint64_t offset,
                                                            std::size_t limit);

  void expire(std::uint64_t now_ms);
  // Gives up the oldest history of all channels, about `size` bytes of it.
  void trim(std::uint64_t size);

  [[nodiscard]] std::size_t size() const { return channels_.size(); }
  // Memory that history takes.
  [[nodiscard]] std::uint64_t history_size() const { return total_size_; }

  // What keeping a message costs beside its payload: the object, its frame header, its places in
  // the two lists. Without it a history of tiny messages would take many times its limit.
  static constexpr std::uint64_t kKeptOverhead = 256;

 private:
  struct Kept {  // In order of age, over all channels.
    HomeChannel* channel;
    std::uint64_t offset;
    std::uint64_t expires_ms;
  };
  void drop_oldest(HomeChannel& channel);
  void drop_oldest_of_all();
  void forget_if_unused(HomeChannel& channel);
  void compact();

  HistoryLimits limits_;
  boost::unordered_flat_map<std::string, std::unique_ptr<HomeChannel>, StringHash, std::equal_to<>>
      channels_;
  std::deque<Kept> kept_;
  std::uint64_t total_size_ = 0;
  std::size_t messages_ = 0;  // In all histories; kept_ has more, of which compact() frees it.
  std::uint64_t next_epoch_ = 0;
};

}  // namespace hub
