#include "gateway/hub/fanout.h"

#include <algorithm>
#include <utility>

namespace hub {
namespace {

// How far ahead of the sends a receiver's cache line is asked for.
constexpr std::uint32_t kPrefetchAhead = 8;

}  // namespace

Fanouts::Fanouts(MemberTable& members, ChannelTable& channels, Delivery& delivery,
                 std::uint32_t waiting_max)
    : members_(members), channels_(channels), delivery_(delivery), waiting_max_(waiting_max) {}

Fanouts::~Fanouts() = default;

void Fanouts::to_channel(Channel& channel, FanoutMessage message) {
  add(target_for(&channel, kEveryProfile), std::move(message));
}

void Fanouts::to_all(std::uint16_t profile, FanoutMessage message) {
  add(target_for(nullptr, profile), std::move(message));
}

FanoutTarget& Fanouts::target_for(Channel* channel, std::uint16_t profile) {
  FanoutTarget*& present = channel != nullptr ? channel->fanout : all_[profile];
  if (present != nullptr) return *present;
  active_.push_back(std::make_unique<FanoutTarget>());
  present = active_.back().get();
  present->channel = channel;
  present->profile = profile;
  // Between this and its end the channel must not vanish, nor its list move.
  if (channel != nullptr) channels_.begin_sweep(*channel);
  return *present;
}

void Fanouts::add(FanoutTarget& target, FanoutMessage message) {
  target.messages.push_back(std::move(message));
  ++waiting_;
}

std::uint32_t Fanouts::run(std::uint32_t budget, std::vector<void*>& done) {
  const std::uint32_t allowed = budget;
  while (budget > 0 && !active_.empty()) {
    FanoutTarget& target = *active_.front();
    if (target.sweeping == 0) begin_sweep(target);
    budget -= std::min(budget, sweep(target, budget));
    delivery_.flush();
    const bool swept = target.position >= target.end;  // Otherwise the budget is used up.
    if (swept) end_sweep(target, done);
    auto front = std::move(active_.front());
    active_.pop_front();
    if (!swept || !front->messages.empty()) {
      active_.push_back(std::move(front));  // The others' turn.
    } else {
      finish(*front);
    }
    if (!swept) break;
  }
  return allowed - budget;
}

void Fanouts::finish(const FanoutTarget& target) {
  if (target.channel == nullptr) {
    all_.erase(target.profile);
    return;
  }
  Channel& channel = *target.channel;
  channel.fanout = nullptr;
  channels_.end_sweep(channel);
}

void Fanouts::begin_sweep(FanoutTarget& target) {
  target.sweeping = std::min(target.messages.size(), kSweepMax);
  target.position = 0;
  target.end = target.channel != nullptr
                   ? static_cast<std::uint32_t>(target.channel->subscribers.size())
                   : members_.size();
}

// Returns what it used of the budget. A slot without a receiver costs a sixteenth of a send; each
// eighth message for the same receiver costs another one.
std::uint32_t Fanouts::sweep(FanoutTarget& target, std::uint32_t budget) {
  constexpr std::uint32_t kEmptySlotsPerUnit = 16;
  constexpr std::size_t kMessagesPerUnit = 8;
  const auto cost = static_cast<std::uint32_t>(1 + target.sweeping / kMessagesPerUnit);
  std::uint32_t used = 0;
  std::uint32_t empty_slots = 0;
  for (; target.position < target.end && used < budget; ++target.position) {
    if (target.channel == nullptr && target.position + kPrefetchAhead < target.end) {
      __builtin_prefetch(&members_[target.position + kPrefetchAhead]);
    }
    if (!visit(target, target.channel != nullptr ? target.channel->subscribers[target.position]
                                                 : target.position)) {
      if (++empty_slots % kEmptySlotsPerUnit == 0) ++used;
      continue;
    }
    used += cost;
  }
  return std::max(used, 1U);
}

// Whether there was a receiver.
bool Fanouts::visit(const FanoutTarget& target, MemberIndex entry) {
  if (entry == kNoMember) return false;
  const MemberIndex index = entry & ~kNewcomerBit;
  const Member& member = members_[index];
  if (!member.active) return false;
  if (target.channel == nullptr &&
      (member.internal || (target.profile != kEveryProfile && target.profile != member.profile))) {
    return false;
  }
  const bool newcomer = target.channel != nullptr && entry != index;
  for (std::size_t i = 0; i < target.sweeping; ++i) {
    const FanoutMessage& fanout = target.messages[i];
    if (excluded(fanout, index)) continue;
    if (newcomer && !admit(*target.channel, index, fanout)) continue;
    delivery_.deliver(index, fanout.message, *fanout.receipt, fanout.watch);
  }
  return true;
}

// False: nothing is to be delivered now.
bool Fanouts::admit(Channel& channel, MemberIndex index, const FanoutMessage& fanout) {
  const auto admission = channels_.admit_to_newcomer(channel, index, *fanout.message);
  if (admission == ChannelTable::Admission::kHold) {
    delivery_.hold(index, channels_.subscription(index, channel)->serial, fanout.message,
                   *fanout.receipt, fanout.watch);
  }
  return admission == ChannelTable::Admission::kDeliver;
}

bool Fanouts::excluded(const FanoutMessage& message, MemberIndex index) const {
  return !message.exclude.empty() &&
         std::binary_search(message.exclude.begin(), message.exclude.end(),
                            members_.id_of(index).value);
}

void Fanouts::end_sweep(FanoutTarget& target, std::vector<void*>& done) {
  for (; target.sweeping > 0; --target.sweeping) {
    done.push_back(target.messages.front().owner);
    target.messages.pop_front();
    --waiting_;
  }
  if (target.channel != nullptr && !target.messages.empty()) {
    // A busy channel's fan-out may never be done: its gaps are closed between two sweeps.
    channels_.end_sweep(*target.channel);
    channels_.begin_sweep(*target.channel);
  }
}

}  // namespace hub
