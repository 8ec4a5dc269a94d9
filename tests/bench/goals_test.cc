#include "bench/load/report/goals.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "bench/load/text_file.h"

namespace load {
namespace {

class GoalsFile : public testing::Test {
 protected:
  ~GoalsFile() override { std::filesystem::remove(path_); }

  std::expected<Goals, std::string> read(const std::string& text) {
    EXPECT_TRUE(write_text_file(path_, text).has_value());
    return read_goals(path_);
  }

  const std::string path_ = testing::TempDir() + "dunlin_goals_test.toml";
};

TEST_F(GoalsFile, RatiosToAnyTargetAndValues) {
  const auto goals = read("[\"push 1000\"]\nlimit = 1.05\nlimit-ring = 2\nvalue = 400\n[echo]\n");
  ASSERT_TRUE(goals.has_value()) << goals.error();
  const Goal& goal = goals->at("push 1000").at("");
  EXPECT_EQ(goal.ratios_max, (std::map<std::string, double>{{"limit", 1.05}, {"limit-ring", 2}}));
  EXPECT_EQ(goal.value_max, 400);
  EXPECT_TRUE(goals->at("echo").empty());
}

TEST_F(GoalsFile, OtherSubjectsInEitherSpelling) {
  for (const char* text : {"[push]\nlimit = 1.05\nplain.limit = 1.03\nplain.value = 7\n",
                           "[push]\nlimit = 1.05\n[push.plain]\nlimit = 1.03\nvalue = 7\n"}) {
    const auto goals = read(text);
    ASSERT_TRUE(goals.has_value()) << goals.error();
    const RowGoals& row = goals->at("push");
    EXPECT_EQ(row.size(), 2u);
    EXPECT_EQ(row.at("").ratios_max.at("limit"), 1.05);
    EXPECT_EQ(row.at("").value_max, 0);
    EXPECT_EQ(row.at("plain").ratios_max.at("limit"), 1.03);
    EXPECT_EQ(row.at("plain").value_max, 7);
  }
}

TEST_F(GoalsFile, MistakesAreTold) {
  struct Row {
    const char* text;
    const char* told;
  };
  const Row kRows[] = {
      {"push = 1\n", "'push' is no table"},
      {"[push]\nlimit = \"1\"\n", "push: 'limit' is no number"},
      {"[push]\nplain.limit.deeper = 1\n", "push: 'limit' is no number"},
      {"[push\n", "dunlin_goals_test.toml"},
  };
  for (const Row& row : kRows) {
    const auto goals = read(row.text);
    ASSERT_FALSE(goals.has_value()) << row.text;
    EXPECT_NE(goals.error().find(row.told), std::string::npos) << goals.error();
  }
}

TEST(Goals, NoFileNoGoals) {
  EXPECT_TRUE(read_goals("")->empty());
  EXPECT_FALSE(read_goals("/nonexistent.toml").has_value());
}

}  // namespace
}  // namespace load
