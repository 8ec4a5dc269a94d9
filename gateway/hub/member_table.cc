#include "gateway/hub/member_table.h"

#include "proto/base/assert.h"

namespace hub {

MemberIndex MemberTable::find(std::string_view uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? kNoMember : *found;
}

MemberIndex MemberTable::find(cross::ConnectionId id) const {
  const MemberIndex index = id.slot();
  if (id.shard() != shard_ || index >= members_.size() || !members_[index].active ||
      id_of(index) != id) {
    return kNoMember;
  }
  return index;
}

std::uint32_t MemberTable::count(std::string_view uid) const {
  std::uint32_t count = 0;
  for (MemberIndex i = find(uid); i != kNoMember; i = members_[i].next_of_uid) ++count;
  return count;
}

void MemberTable::link(MemberIndex index) {
  members_[index].next_of_uid = kNoMember;
  const auto [first, is_first] = by_uid_.insert(index);
  if (is_first) return;
  MemberIndex last = *first;
  while (members_[last].next_of_uid != kNoMember) last = members_[last].next_of_uid;
  members_[last].next_of_uid = index;
}

void MemberTable::unlink(MemberIndex index) {
  const MemberIndex first = find(members_[index].uid.view());
  DUNLIN_ASSERT(first != kNoMember);
  const MemberIndex next = members_[index].next_of_uid;
  if (first != index) {
    MemberIndex before = first;
    while (members_[before].next_of_uid != index) before = members_[before].next_of_uid;
    members_[before].next_of_uid = next;
  } else {
    by_uid_.erase(index);
    if (next != kNoMember) by_uid_.insert(next);
  }
  members_[index].next_of_uid = kNoMember;
}

}  // namespace hub
