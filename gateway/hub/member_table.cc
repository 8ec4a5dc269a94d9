#include "gateway/hub/member_table.h"

#include "proto/base/assert.h"

namespace hub {

MemberIndex MemberTable::find(std::string_view uid) const { return find(uid, cross::hash_of(uid)); }

MemberIndex MemberTable::find(std::string_view uid, std::uint64_t hash) const {
  return by_uid_.find(hash, [&](MemberIndex index) { return members_[index].uid.view() == uid; });
}

void MemberTable::prefetch_member(std::uint64_t hash) const {
  const MemberIndex guess = by_uid_.first_guess(hash);
  if (guess != kNoMember) __builtin_prefetch(&members_[guess]);
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
  Member& member = members_[index];
  member.next_of_uid = kNoMember;
  member.previous_of_uid = index;
  const std::uint64_t hash = cross::hash_of(member.uid.view());
  const MemberIndex first_index = find(member.uid.view(), hash);
  if (first_index == kNoMember) return by_uid_.insert(hash, index);
  Member& first = members_[first_index];
  member.previous_of_uid = first.previous_of_uid;
  members_[first.previous_of_uid].next_of_uid = index;
  first.previous_of_uid = index;
}

void MemberTable::unlink(MemberIndex index) {
  const std::uint64_t hash = cross::hash_of(members_[index].uid.view());
  const MemberIndex first = find(members_[index].uid.view(), hash);
  DUNLIN_ASSERT(first != kNoMember);
  Member& member = members_[index];
  const MemberIndex next = member.next_of_uid;
  const MemberIndex previous = member.previous_of_uid;
  if (first == index) {
    if (next == kNoMember) {
      by_uid_.erase(hash, index);
    } else {
      by_uid_.replace(hash, index, next);
    }
  } else {
    members_[previous].next_of_uid = next;
  }
  if (next != kNoMember) {
    members_[next].previous_of_uid = previous;  // Of a new first one: the last.
  } else if (first != index) {
    members_[first].previous_of_uid = previous;
  }
  member.next_of_uid = kNoMember;
  member.previous_of_uid = kNoMember;
}

}  // namespace hub
