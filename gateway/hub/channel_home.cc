#include "gateway/hub/channel_home.h"

#include <fmt/format.h>

#include <algorithm>

namespace hub {
namespace {

std::uint64_t offset_kept_first(const HomeChannel& channel) {
  return channel.history.empty() ? channel.offset + 1 : channel.history.front()->offset();
}

}  // namespace

HomeChannel* ChannelHomes::open(std::string_view name) {
  if (const auto found = channels_.find(name); found != channels_.end()) return found->second.get();
  if (channels_.size() >= limits_.channels_max) return nullptr;
  auto channel = std::make_unique<HomeChannel>();
  channel->name = name;
  channel->epoch = fmt::format("{:x}.{:x}", cross::incarnation(), ++next_epoch_);
  return channels_.emplace(name, std::move(channel)).first->second.get();
}

const HomeChannel* ChannelHomes::find(std::string_view name) const {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

void ChannelHomes::store(HomeChannel& channel, cross::MessageRef& message, std::uint64_t now_ms) {
  message.unshared().set_position(channel.name, ++channel.offset);
  const std::uint64_t size = message->payload().size();
  if (limits_.messages_max == 0 || limits_.ttl_ms == 0 || size > limits_.size_max ||
      size + kKeptOverhead > limits_.total_size_max) {
    // What is not kept breaks the chain: nothing before it can be recovered from here on.
    while (!channel.history.empty()) drop_oldest(channel);
    forget_if_unused(channel);
    return;
  }
  channel.history.push_back(message);
  channel.history_size += size;
  total_size_ += size + kKeptOverhead;
  ++messages_;
  kept_.push_back({&channel, channel.offset, now_ms + limits_.ttl_ms});
  ++channel.kept;
  while (channel.history.size() > limits_.messages_max || channel.history_size > limits_.size_max) {
    drop_oldest(channel);
  }
  // Never forgets `channel`: its newest message is still in kept_.
  while (total_size_ > limits_.total_size_max) drop_oldest_of_all();
  constexpr std::size_t kStaleMax = 1'024;
  if (kept_.size() > 2 * messages_ + kStaleMax) compact();
}

void ChannelHomes::trim(std::uint64_t size) {
  const std::uint64_t goal = total_size_ - std::min(size, total_size_);
  while (total_size_ > goal && !kept_.empty()) drop_oldest_of_all();
}

void ChannelHomes::drop_oldest_of_all() {
  HomeChannel& oldest = *kept_.front().channel;
  if (offset_kept_first(oldest) <= kept_.front().offset && !oldest.history.empty()) {
    drop_oldest(oldest);
  }
  kept_.pop_front();
  --oldest.kept;
  forget_if_unused(oldest);
}

// A channel's own limits drop messages whose entries in kept_ stay behind.
void ChannelHomes::compact() {
  std::erase_if(kept_, [this](const Kept& kept) {
    if (offset_kept_first(*kept.channel) <= kept.offset) return false;
    --kept.channel->kept;
    forget_if_unused(*kept.channel);
    return true;
  });
}

void ChannelHomes::drop_oldest(HomeChannel& channel) {
  const std::uint64_t size = channel.history.front()->payload().size();
  channel.history_size -= size;
  total_size_ -= size + kKeptOverhead;
  --messages_;
  channel.history.pop_front();
}

void ChannelHomes::end_interest(std::string_view name, cross::ShardIndex shard) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  found->second->interested.reset(shard);
  forget_if_unused(*found->second);
}

void ChannelHomes::expire(std::uint64_t now_ms) {
  while (!kept_.empty() && kept_.front().expires_ms <= now_ms) {
    HomeChannel& channel = *kept_.front().channel;
    const std::uint64_t offset = kept_.front().offset;
    kept_.pop_front();
    --channel.kept;
    if (offset_kept_first(channel) <= offset && !channel.history.empty()) drop_oldest(channel);
    forget_if_unused(channel);
  }
}

// A channel is remembered while a shard cares or anything in kept_ may still point to it.
void ChannelHomes::forget_if_unused(HomeChannel& channel) {
  if (channel.interested.any() || channel.kept > 0) return;
  channels_.erase(channels_.find(channel.name));
}

Recovery ChannelHomes::recover(const HomeChannel& channel, const std::optional<Position>& from) {
  Recovery recovery{.position = {channel.epoch, channel.offset}};
  if (!from || from->epoch != channel.epoch || from->offset > channel.offset) return recovery;
  if (offset_kept_first(channel) > from->offset + 1) return recovery;
  recovery.recovered = true;
  recovery.missed = since(channel, from->offset, channel.history.size());
  return recovery;
}

std::vector<cross::MessageRef> ChannelHomes::since(const HomeChannel& channel, std::uint64_t offset,
                                                   std::size_t limit) {
  if (offset >= channel.offset || channel.history.empty()) return {};
  // Offsets are dense: the place of the first one wanted is known.
  const std::uint64_t first = offset_kept_first(channel);
  const std::uint64_t skip = offset < first ? 0 : offset + 1 - first;
  const std::size_t count = std::min<std::uint64_t>(limit, channel.history.size() - skip);
  const auto begin = channel.history.begin() + static_cast<std::ptrdiff_t>(skip);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace hub
