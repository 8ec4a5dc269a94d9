#include "gateway/hub/member_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using hub::kNoMember;
using hub::MemberIndex;
using hub::MemberTable;
using Chain = std::vector<MemberIndex>;

void enter(MemberTable& table, MemberIndex index, std::string_view uid) {
  table.grow_to(index + 1);
  table[index].active = true;
  table[index].uid = hub::ShortString(uid);
  table.link(index);
}

Chain chain_of(const MemberTable& table, std::string_view uid) {
  Chain chain;
  for (auto i = table.find(uid); i != kNoMember; i = table[i].next_of_uid) chain.push_back(i);
  EXPECT_EQ(chain.size(), table.count(uid));
  return chain;
}

TEST(MemberTable, ConnectionsOfOneUidAreChainedOldestFirst) {
  MemberTable table(0);
  EXPECT_EQ(table.find("u"), kNoMember);
  enter(table, 4, "u");
  enter(table, 2, "u");
  enter(table, 9, "v");
  enter(table, 7, "u");
  EXPECT_EQ(chain_of(table, "u"), (Chain{4, 2, 7}));
  EXPECT_EQ(chain_of(table, "v"), Chain{9});
  EXPECT_EQ(table.users(), 2U);
}

TEST(MemberTable, UnlinkedInEveryOrder) {
  std::vector<MemberIndex> order{0, 1, 2, 3};
  do {
    MemberTable table(0);
    Chain expected{0, 1, 2, 3};
    for (const MemberIndex index : expected) enter(table, index, "user");
    for (const MemberIndex index : order) {
      table.unlink(index);
      std::erase(expected, index);
      ASSERT_EQ(chain_of(table, "user"), expected);
      // A newcomer stands at the end whoever has left.
      enter(table, 4, "user");
      expected.push_back(4);
      ASSERT_EQ(chain_of(table, "user"), expected);
      table.unlink(4);
      expected.pop_back();
    }
    EXPECT_EQ(table.users(), 0U);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MemberTable, FoundByIdOnlyWhileItIsTheSame) {
  MemberTable table(3);
  table.grow_to(6);
  table[5].generation = 0xFFFFFF;
  const auto id = table.id_of(5);
  EXPECT_EQ(id.shard(), 3);
  EXPECT_EQ(table.find(id), kNoMember);  // Not active.
  table[5].active = true;
  EXPECT_EQ(table.find(id), 5U);
  EXPECT_EQ(table.find(cross::ConnectionId::make(2, 0xFFFFFF, 5)), kNoMember);
  EXPECT_EQ(table.find(cross::ConnectionId::make(3, 1, 5)), kNoMember);
  EXPECT_EQ(table.find(cross::ConnectionId::make(3, 0xFFFFFF, 6)), kNoMember);
  EXPECT_EQ(table.find(cross::ConnectionId::make(3, 0xFFFFFF, kNoMember)), kNoMember);
}

TEST(MemberTable, BehavesLikeAMapOfLists) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    MemberTable table(0);
    std::map<std::string, Chain> model;
    std::vector<std::string> uid_of(60);
    for (int step = 0; step < 3'000; ++step) {
      const auto index = static_cast<MemberIndex>(random() % uid_of.size());
      std::string& uid = uid_of[index];
      if (uid.empty()) {
        uid = random() % 3 == 0
                  ? "a uid of more than fifteen characters" + std::to_string(random() % 3)
                  : "u" + std::to_string(random() % 8);
        enter(table, index, uid);
        model[uid].push_back(index);
      } else {
        table.unlink(index);
        std::erase(model[uid], index);
        if (model[uid].empty()) model.erase(uid);
        uid.clear();
      }
      ASSERT_EQ(table.users(), model.size());
      for (const auto& [name, chain] : model) ASSERT_EQ(chain_of(table, name), chain);
    }
  }
}

}  // namespace
