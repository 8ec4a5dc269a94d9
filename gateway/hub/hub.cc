#include "gateway/hub/hub.h"

#include <algorithm>

#include "proto/base/assert.h"

namespace hub {

void Hub::join(MemberIndex index, const Joining& joining) {
  members_.grow_to(index + 1);
  Member& member = members_[index];
  DUNLIN_ASSERT(member.queue == nullptr && member.subscriptions == nullptr && !member.active &&
                member.batch_entry == kNoBatchEntry);
  member = Member{};
  member.handle = joining.handle;
  member.generation = joining.generation & 0xFFFFFF;
  member.profile = joining.profile;
  member.encoding = joining.encoding;
  member.compression = joining.compression;
  member.internal = joining.internal;
}

void Hub::activate(MemberIndex index, std::string_view uid) {
  Member& member = members_[index];
  DUNLIN_ASSERT(!member.active);
  member.active = true;
  if (uid.empty()) return;
  member.uid = ShortString(uid);
  members_.link(index);
}

void Hub::deactivate(MemberIndex index) {
  Member& member = members_[index];
  if (!member.active) return;
  watches_.forget_receiver(members_.id_of(index));
  channels_.unsubscribe_all(index);
  delivery_.drop_all_pending(index,
                             member.doomed ? cross::DropCause::kSlow : cross::DropCause::kEnded);
  if (!member.uid.empty()) members_.unlink(index);
  member.active = false;
}

void Hub::leave(MemberIndex index) {
  deactivate(index);
  delivery_.end(index);
  members_[index].uid = ShortString();
}

bool Hub::unsubscribe(MemberIndex index, std::string_view name) {
  const Channel* channel = channels_.find(name);
  const Subscription* subscription =
      channel == nullptr ? nullptr : channels_.subscription(index, *channel);
  if (subscription == nullptr) return false;
  if (subscription->pending) delivery_.drop_pending(index, subscription->serial);
  return channels_.unsubscribe(index, name);
}

bool Hub::push_to_uid(std::string_view uid, std::uint64_t hash, const cross::MessageRef& message,
                      push::Receipt& receipt, Watch* watch,
                      std::span<const std::uint64_t> exclude) {
  MemberIndex index = members_.find(uid, hash);
  if (index == kNoMember) return false;
  for (; index != kNoMember; index = members_[index].next_of_uid) {
    if (!exclude.empty() &&
        std::binary_search(exclude.begin(), exclude.end(), members_.id_of(index).value)) {
      continue;
    }
    delivery_.deliver(index, message, receipt, watch);
  }
  return true;
}

bool Hub::push_to_connection(cross::ConnectionId id, const cross::MessageRef& message,
                             push::Receipt& receipt, Watch* watch) {
  const MemberIndex index = members_.find(id);
  // A canary's own frames are all that its reader understands.
  if (index == kNoMember || (members_[index].internal && message->is_push())) return false;
  delivery_.deliver(index, message, receipt, watch);
  return true;
}

}  // namespace hub
