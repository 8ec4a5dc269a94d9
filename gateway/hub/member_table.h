// All members of a shard by slot, and by uid. The uid index holds slot numbers and hashes only: a
// look-up touches the member's own cache line, which the delivery needs anyway.
//
// Owner: Hub.   Thread: the shard's.   Bound: connections_max.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/cross/slots.h"
#include "gateway/hub/member.h"
#include "gateway/hub/slab.h"
#include "gateway/hub/uid_index.h"

namespace hub {

class MemberTable {
 public:
  explicit MemberTable(cross::ShardIndex shard) : shard_(shard) {}
  MemberTable(const MemberTable&) = delete;
  MemberTable& operator=(const MemberTable&) = delete;

  [[nodiscard]] Member& operator[](MemberIndex index) { return members_[index]; }
  [[nodiscard]] const Member& operator[](MemberIndex index) const { return members_[index]; }
  [[nodiscard]] std::uint32_t size() const { return members_.size(); }
  void grow_to(std::uint32_t size) { members_.grow_to(size); }
  [[nodiscard]] cross::ConnectionId id_of(MemberIndex index) const {
    return cross::ConnectionId::make(shard_, members_[index].generation, index);
  }
  // The active member of this id, or kNoMember.
  [[nodiscard]] MemberIndex find(cross::ConnectionId id) const;

  // First of the uid's chain (the oldest connection), or kNoMember. `hash` is cross::hash_of(uid).
  [[nodiscard]] MemberIndex find(std::string_view uid) const;
  [[nodiscard]] MemberIndex find(std::string_view uid, std::uint64_t hash) const;
  // For look-ups that are coming: asks for the index entry; then, a while later, for the member.
  void prefetch_entry(std::uint64_t hash) const { by_uid_.prefetch(hash); }
  void prefetch_member(std::uint64_t hash) const;
  [[nodiscard]] std::uint32_t count(std::string_view uid) const;

  // Appends the member to its uid's chain. The member's uid is set and not empty.
  void link(MemberIndex index);
  void unlink(MemberIndex index);

  [[nodiscard]] std::size_t users() const { return by_uid_.size(); }

 private:
  const cross::ShardIndex shard_;
  Slab<Member> members_;
  UidIndex by_uid_;
};

}  // namespace hub
