// From a uid's hash to the slot of its first member: an open-addressing table with linear probing.
// An entry keeps 32 bits of the hash, so that neither a probe nor a growth touches the members, and
// a look-up that is coming can be prefetched: with many users, waiting for memory is what a look-up
// costs.
//
// Owner: MemberTable.   Thread: the shard's.   Bound: one entry for each user at the busiest time
// and, right after it grew, 1.7 free ones for each; entries are not given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/hub/member.h"

namespace hub {

class UidIndex {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }

  // The member with this hash that is `same`, or kNoMember.
  template <typename Same>
  [[nodiscard]] MemberIndex find(std::uint64_t hash, Same same) const {
    if (size_ == 0) return kNoMember;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = home_of(tag);; at = after(at)) {
      const Entry& entry = entries_[at];
      if (entry.member == kNoMember) return kNoMember;
      if (entry.tag == tag && same(entry.member)) return entry.member;
    }
  }

  // No member of this uid is in the table.
  void insert(std::uint64_t hash, MemberIndex member);
  // Puts `next` in the place of `member`, which is in the table.
  void replace(std::uint64_t hash, MemberIndex member, MemberIndex next);
  void erase(std::uint64_t hash, MemberIndex member);

  // Asks for the memory that find() will look at first.
  void prefetch(std::uint64_t hash) const {
    if (size_ != 0) __builtin_prefetch(&entries_[home_of(tag_of(hash))]);
  }
  // Which member find() most likely returns: for prefetching it.
  [[nodiscard]] MemberIndex first_guess(std::uint64_t hash) const {
    return size_ == 0 ? kNoMember : entries_[home_of(tag_of(hash))].member;
  }

 private:
  struct Entry {
    std::uint32_t tag = 0;
    MemberIndex member = kNoMember;  // None: the entry is free.
  };

  // The low bits of the hash have chosen the shard (cross/slots.h): they are much alike here.
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::size_t home_of(std::uint32_t tag) const { return tag & (entries_.size() - 1); }
  [[nodiscard]] std::size_t after(std::size_t at) const { return (at + 1) & (entries_.size() - 1); }
  [[nodiscard]] std::size_t place_of(std::uint64_t hash, MemberIndex member) const;
  void place(Entry entry);
  void grow();

  std::vector<Entry> entries_;  // A power of two.
  std::size_t size_ = 0;
};

}  // namespace hub
