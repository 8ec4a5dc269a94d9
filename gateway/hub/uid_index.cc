#include "gateway/hub/uid_index.h"

#include <algorithm>
#include <utility>

#include "proto/base/assert.h"

namespace hub {
namespace {

constexpr std::size_t kFirstSize = 64;

}  // namespace

void UidIndex::insert(std::uint64_t hash, MemberIndex member) {
  // At three quarters full a probe still ends within a cache line or two.
  if ((size_ + 1) * 4 > entries_.size() * 3) grow();
  place({.tag = tag_of(hash), .member = member});
  ++size_;
}

void UidIndex::replace(std::uint64_t hash, MemberIndex member, MemberIndex next) {
  entries_[place_of(hash, member)].member = next;
}

void UidIndex::erase(std::uint64_t hash, MemberIndex member) {
  std::size_t hole = place_of(hash, member);
  // What was pushed along by the erased entry moves back, so that no probe ends too early.
  for (std::size_t at = after(hole); entries_[at].member != kNoMember; at = after(at)) {
    const std::size_t mask = entries_.size() - 1;
    const std::size_t pushed_along = (at - home_of(entries_[at].tag)) & mask;
    if (pushed_along < ((at - hole) & mask)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = {};
  --size_;
}

std::size_t UidIndex::place_of(std::uint64_t hash, MemberIndex member) const {
  std::size_t at = home_of(tag_of(hash));
  for (; entries_[at].member != member; at = after(at)) {
    DUNLIN_ASSERT(entries_[at].member != kNoMember);
  }
  return at;
}

void UidIndex::place(Entry entry) {
  std::size_t at = home_of(entry.tag);
  while (entries_[at].member != kNoMember) at = after(at);
  entries_[at] = entry;
}

void UidIndex::grow() {
  const std::size_t size = std::max(kFirstSize, entries_.size() * 2);
  const std::vector<Entry> before = std::exchange(entries_, std::vector<Entry>(size));
  for (const Entry& entry : before) {
    if (entry.member != kNoMember) place(entry);
  }
}

}  // namespace hub
