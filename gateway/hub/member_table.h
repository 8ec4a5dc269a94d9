// All members of a shard by slot, and by uid. The uid index holds slot numbers only: a look-up
// touches the member's own cache line, which the delivery needs anyway.
//
// Owner: Hub.   Thread: the shard's.   Bound: connections_max.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <string_view>

#include "gateway/cross/slots.h"
#include "gateway/hub/member.h"
#include "gateway/hub/slab.h"

namespace hub {

class MemberTable {
 public:
  explicit MemberTable(cross::ShardIndex shard)
      : shard_(shard), by_uid_(0, Hash{this}, Equal{this}) {}
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

  // First of the uid's chain (the oldest connection), or kNoMember.
  [[nodiscard]] MemberIndex find(std::string_view uid) const;
  [[nodiscard]] std::uint32_t count(std::string_view uid) const;

  // Appends the member to its uid's chain. The member's uid is set and not empty.
  void link(MemberIndex index);
  void unlink(MemberIndex index);

  [[nodiscard]] std::size_t users() const { return by_uid_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    const MemberTable* table;
    std::size_t operator()(std::string_view uid) const { return cross::hash_of(uid); }
    std::size_t operator()(MemberIndex index) const {
      return cross::hash_of((*table)[index].uid.view());
    }
  };
  struct Equal {
    using is_transparent = void;
    const MemberTable* table;
    bool operator()(MemberIndex a, MemberIndex b) const {
      return (*table)[a].uid.view() == (*table)[b].uid.view();
    }
    bool operator()(std::string_view uid, MemberIndex index) const {
      return uid == (*table)[index].uid.view();
    }
    bool operator()(MemberIndex index, std::string_view uid) const { return (*this)(uid, index); }
  };

  const cross::ShardIndex shard_;
  Slab<Member> members_;
  boost::unordered_flat_set<MemberIndex, Hash, Equal> by_uid_;
};

}  // namespace hub
