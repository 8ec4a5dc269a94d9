#include "gateway/hub/uid_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

using hub::MemberIndex;
using hub::UidIndex;

// As if every uid were its hash: members are told apart by the whole of it.
struct Model {
  UidIndex index;
  std::map<std::uint64_t, MemberIndex> expected;
  std::vector<std::uint64_t> hash_of;  // By member.

  MemberIndex find(std::uint64_t hash) const {
    return index.find(hash, [&](MemberIndex member) { return hash_of[member] == hash; });
  }
  MemberIndex new_member(std::uint64_t hash) {
    hash_of.push_back(hash);
    return static_cast<MemberIndex>(hash_of.size() - 1);
  }
};

TEST(UidIndex, AnEmptyOneFindsNothing) {
  const UidIndex index;
  EXPECT_EQ(index.find(7, [](MemberIndex) { return true; }), hub::kNoMember);
  EXPECT_EQ(index.first_guess(7), hub::kNoMember);
  index.prefetch(7);
}

// Hashes whose high halves are alike stand in one run of the table, which wraps round its end; the
// runs are what insertion and erasure can get wrong.
TEST(UidIndex, AgreesWithAMap) {
  for (const std::uint64_t homes : {1U, 3U, 64U, 1'000'000U}) {
    Model model;
    std::mt19937_64 random(homes);
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::uint64_t home = 0xFFFFFFFF - random() % homes;
      hashes.push_back((home << 32) | i);
    }
    for (int step = 0; step < 20'000; ++step) {
      const std::uint64_t hash = hashes[random() % hashes.size()];
      const auto known = model.expected.find(hash);
      if (known == model.expected.end()) {
        const MemberIndex member = model.new_member(hash);
        model.index.insert(hash, member);
        model.expected[hash] = member;
      } else if (random() % 3 == 0) {
        const MemberIndex next = model.new_member(hash);
        model.index.replace(hash, known->second, next);
        known->second = next;
      } else {
        model.index.erase(hash, known->second);
        model.expected.erase(known);
      }
      ASSERT_EQ(model.index.size(), model.expected.size());
      const std::uint64_t asked = hashes[random() % hashes.size()];
      const auto found = model.expected.find(asked);
      ASSERT_EQ(model.find(asked), found == model.expected.end() ? hub::kNoMember : found->second);
    }
    for (const auto& [hash, member] : model.expected) ASSERT_EQ(model.find(hash), member);
  }
}

TEST(UidIndex, TheGuessIsRightWhereNothingWasPushedAlong) {
  Model model;
  const std::uint64_t hash = 0x1234567800000001;
  model.index.insert(hash, model.new_member(hash));
  EXPECT_EQ(model.index.first_guess(hash), 0U);
}

}  // namespace
