#include "gateway/hub/channel_table.h"

#include <algorithm>
#include <utility>

#include "proto/base/assert.h"

namespace hub {

ChannelTable::~ChannelTable() {
  for (MemberIndex i = 0; i < members_.size(); ++i) {
    delete std::exchange(members_[i].subscriptions, nullptr);
  }
}

Channel* ChannelTable::find(std::string_view name) {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

Channel& ChannelTable::open(std::string_view name) {
  if (Channel* channel = find(name)) return *channel;
  auto channel = std::make_unique<Channel>();
  channel->name = name;
  return *channels_.emplace(name, std::move(channel)).first->second;
}

bool ChannelTable::subscribe(MemberIndex index, Channel& channel, bool pending) {
  if (subscription(index, channel) != nullptr) return false;
  Member& member = members_[index];
  if (member.subscriptions == nullptr) member.subscriptions = new Subscriptions;
  member.subscriptions->list.push_back(
      {.channel = &channel,
       .position = static_cast<std::uint32_t>(channel.subscribers.size()),
       .pending = pending,
       .serial = ++serial_});
  channel.subscribers.push_back(pending ? index | kNewcomerBit : index);
  ++subscriptions_;
  return true;
}

bool ChannelTable::confirm(MemberIndex index, std::string_view name, std::uint64_t offset) {
  const Channel* channel = find(name);
  Subscription* subscription = channel == nullptr ? nullptr : this->subscription(index, *channel);
  if (subscription == nullptr || !subscription->pending) return false;
  subscription->start = offset;
  subscription->pending = false;
  return true;
}

ChannelTable::Admission ChannelTable::admit_to_newcomer(Channel& channel, MemberIndex index,
                                                        const cross::Message& message) {
  const Subscription& newcomer = *subscription(index, channel);
  // A live one is for whoever is here.
  if (message.offset() == 0) return newcomer.pending ? Admission::kHold : Admission::kDeliver;
  // The home's answer comes before whatever the home publishes after it: Router::take_inbox().
  if (newcomer.pending || message.offset() <= newcomer.start) return Admission::kOlder;
  // Publications pass in order: nothing older can follow this one.
  channel.subscribers[newcomer.position] = index;
  return Admission::kDeliver;
}

bool ChannelTable::unsubscribe(MemberIndex index, std::string_view name) {
  Channel* channel = find(name);
  Subscription* subscription = channel == nullptr ? nullptr : this->subscription(index, *channel);
  if (subscription == nullptr) return false;
  leave(*channel, *subscription);
  auto& list = members_[index].subscriptions->list;
  if (subscription != &list.back()) *subscription = std::move(list.back());
  list.pop_back();
  if (list.empty()) delete std::exchange(members_[index].subscriptions, nullptr);
  return true;
}

void ChannelTable::unsubscribe_all(MemberIndex index) {
  Subscriptions* subscriptions = std::exchange(members_[index].subscriptions, nullptr);
  if (subscriptions == nullptr) return;
  for (const Subscription& subscription : subscriptions->list) {
    leave(*subscription.channel, subscription);
  }
  delete subscriptions;
}

Subscription* ChannelTable::subscription(MemberIndex index, const Channel& channel) {
  Subscriptions* subscriptions = members_[index].subscriptions;
  if (subscriptions == nullptr) return nullptr;
  for (Subscription& subscription : subscriptions->list) {
    if (subscription.channel == &channel) return &subscription;
  }
  return nullptr;
}

std::vector<std::string> ChannelTable::channels_of(MemberIndex index) const {
  std::vector<std::string> names;
  if (const Subscriptions* subscriptions = members_[index].subscriptions) {
    for (const auto& each : subscriptions->list) names.push_back(each.channel->name);
  }
  return names;
}

void ChannelTable::leave(Channel& channel, const Subscription& subscription) {
  --subscriptions_;
  channel.subscribers[subscription.position] = kNoMember;
  ++channel.gaps;
  if (channel.sweeps == 0) close_gaps(channel);
  if (channel.count() == 0 && !channel.permanent) abandoned_.push_back(channel.name);
}

void ChannelTable::end_sweep(Channel& channel) {
  if (--channel.sweeps > 0) return;
  close_gaps(channel);
  // It could not be forgotten while it was swept.
  if (channel.count() == 0 && !channel.permanent) abandoned_.push_back(channel.name);
}

// Moves subscribers from the end into the gaps, and tells the moved ones their new position.
void ChannelTable::close_gaps(Channel& channel) {
  auto& list = channel.subscribers;
  while (!list.empty() && list.back() == kNoMember) {
    list.pop_back();
    --channel.gaps;
  }
  // A single leave is by far the most common; then the gap's place is found without a scan only if
  // it is the last. Scanning is amortised: gaps are gathered until they are an eighth of the list.
  if (channel.gaps == 0 || channel.gaps < list.size() / 8) return;
  for (std::uint32_t position = 0; channel.gaps > 0 && position < list.size(); ++position) {
    if (list[position] != kNoMember) continue;
    list[position] = list.back();
    subscription(list[position] & ~kNewcomerBit, channel)->position = position;
    list.pop_back();
    --channel.gaps;
    while (!list.empty() && list.back() == kNoMember) {
      list.pop_back();
      --channel.gaps;
    }
  }
}

void ChannelTable::forget_if_empty(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  const Channel& channel = *found->second;
  if (channel.count() == 0 && channel.sweeps == 0 && !channel.permanent) channels_.erase(found);
}

}  // namespace hub
