#include "bench/load/report/table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "bench/load/report/text_grid.h"

namespace load {
namespace {

Result cost(std::string target, std::string label, double value) {
  Result result;
  result.target = std::move(target);
  result.label = std::move(label);
  result.metrics = {{.name = "server_cpu",
                     .unit = "us/push",
                     .value = value,
                     .better = Better::kLower,
                     .samples = {}}};
  return result;
}

TEST(Table, MediansAndRatiosToTheOthers) {
  const Table table =
      tabulate({cost("limit", "push", 10), cost("dunlin", "push", 12), cost("limit", "push", 10),
                cost("dunlin", "push", 90), cost("limit", "push", 99), cost("dunlin", "push", 11),
                cost("dunlin", "echo", 5)},
               "dunlin", {});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.targets, (std::vector<std::string>{"dunlin", "limit"}));
  EXPECT_DOUBLE_EQ(table.rows[0].standings.at("dunlin").ratios.at("limit").value, 1.2);
  EXPECT_FALSE(table.rows[0].standings.contains("limit"));
  EXPECT_TRUE(table.rows[1].standings.at("dunlin").ratios.empty());
  EXPECT_EQ(table.missed_count + table.reached_count, 0u);
  EXPECT_NE(to_text(table).find("1.200"), std::string::npos);
}

struct GoalRow {
  const char* what;
  Goals goals;
  std::size_t reached;
  std::size_t missed;
  std::size_t unmeasured;
};

TEST(Table, GoalsAreReachedOrMissedOrNotMeasured) {
  const std::vector<Result> results = {cost("limit", "push", 10), cost("dunlin", "push", 11),
                                       cost("plain", "push", 10.2)};
  const GoalRow kRows[] = {
      {"just reached", {{"push", {{"", {{{"limit", 1.1}}, 11}}}}}, 2, 0, 0},
      {"just missed", {{"push", {{"", {{{"limit", 1.09}}, 10}}}}}, 0, 2, 0},
      {"a row that was not run", {{"echo", {{"", {{{"limit", 1}}, 1}}}}}, 0, 0, 0},
      {"a target without results", {{"push", {{"", {{{"nobody", 1}}, 12}}}}}, 1, 0, 1},
      {"another subject",
       {{"push", {{"plain", {{{"limit", 1.03}, {"dunlin", 0.9}}, 0}}}}},
       1,
       1,
       0},
      {"a subject without results", {{"push", {{"nobody", {{{"limit", 1}}, 1}}}}}, 0, 0, 2},
      {"the subject, also by its name",
       {{"push", {{"", {{{"limit", 1.1}}, 0}}, {"dunlin", {{{"plain", 1}}, 0}}}}},
       1,
       1,
       0},
  };
  for (const GoalRow& row : kRows) {
    const Table table = tabulate(results, "dunlin", row.goals);
    EXPECT_EQ(table.reached_count, row.reached) << row.what;
    EXPECT_EQ(table.missed_count, row.missed) << row.what;
    EXPECT_EQ(table.unmeasured_count, row.unmeasured) << row.what;
    EXPECT_EQ(table.has_passed(), row.missed + row.unmeasured == 0) << row.what;
  }
}

TEST(Table, OtherSubjectsShowOnlyWhereTheyHaveGoals) {
  const std::vector<Result> results = {cost("limit", "push", 10),   cost("dunlin", "push", 11),
                                       cost("plain", "push", 10.2), cost("limit", "echo", 10),
                                       cost("dunlin", "echo", 11),  cost("plain", "echo", 10.2)};
  const Table table = tabulate(results, "dunlin", {{"push", {{"plain", {{{"limit", 1.03}}, 0}}}}});
  EXPECT_EQ(table.subjects, (std::vector<std::string>{"dunlin", "plain"}));
  EXPECT_TRUE(table.rows.at(0).standings.contains("plain"));
  EXPECT_FALSE(table.rows.at(1).standings.contains("plain"));
  EXPECT_NE(to_text(table).find("1.020 <= 1.03"), std::string::npos) << to_text(table);
}

TEST(Table, ManyTargetsStayWithinTheWidth) {
  std::vector<Result> results;
  Goals goals;
  const std::vector<std::string> targets = {"dunlin", "dunlin-plain", "limit",      "limit-ring",
                                            "nchan",  "node-ws",      "go-gorilla", "nats"};
  for (const char* label : {"push 1000 at 5000/s", "echo 64"}) {
    for (const std::string& target : targets) results.push_back(cost(target, label, 12'345));
    goals[label] = {{"", {.ratios_max = {{"limit", 1.05}, {"limit-ring", 0.5}}, .value_max = 400}},
                    {"dunlin-plain", {.ratios_max = {{"limit", 1.03}}, .value_max = 0}}};
  }
  results.push_back(cost("dunlin", "only one does this", 1));
  const std::string text = to_text(tabulate(results, "dunlin", goals));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), kWidthMax) << line;
  for (const std::string& target : targets) EXPECT_NE(text.find(target), std::string::npos);
  EXPECT_NE(text.find("12,345 >! 400"), std::string::npos) << text;
}

Result unsound(Result result) {
  result.checks = {{.name = "lost", .count = 3, .must_be_zero = true},
                   {.name = "received", .count = 9, .must_be_zero = false}};
  return result;
}

// Who loses messages needs less.
TEST(Table, AGoalJudgedByAnUnsoundResultIsMissed) {
  const Goals goals = {{"push", {{"", {{{"limit", 2}}, 20}}, {"plain", {{{"limit", 2}}, 0}}}}};
  const Result dunlin = cost("dunlin", "push", 11);
  const Result limit = cost("limit", "push", 10);
  const Result plain = cost("plain", "push", 10);
  const Table good = tabulate({dunlin, limit, plain}, "dunlin", goals);
  EXPECT_EQ(good.reached_count, 3u);
  EXPECT_TRUE(good.has_passed());
  EXPECT_EQ(tabulate({unsound(dunlin), limit, plain}, "dunlin", goals).missed_count, 2u);
  EXPECT_EQ(tabulate({dunlin, unsound(limit), plain}, "dunlin", goals).missed_count, 2u);
  EXPECT_EQ(tabulate({dunlin, limit, unsound(plain)}, "dunlin", goals).missed_count, 1u);
  EXPECT_EQ(tabulate({dunlin, unsound(dunlin), limit, plain}, "dunlin", goals).missed_count, 2u)
      << "one of two repetitions";
}

TEST(Table, TheMarkStandsAtTheTargetsOwnFigure) {
  const Table table = tabulate(
      {cost("dunlin", "push", 11), unsound(cost("limit", "push", 10)), cost("dunlin", "echo", 5)},
      "dunlin", {{"push", {{"", {{{"limit", 2}}, 0}}}}});
  EXPECT_TRUE(table.rows.at(0).is_sound("dunlin"));
  EXPECT_FALSE(table.rows.at(0).is_sound("limit"));
  EXPECT_TRUE(table.rows.at(1).is_sound("limit"));
  const std::string text = to_text(table);
  EXPECT_NE(text.find("11  10 (!)"), std::string::npos) << text;
  EXPECT_NE(text.find("1.100 (!) >! 2"), std::string::npos) << text;
  EXPECT_NE(text.find("(!) push: limit: lost 3\n"), std::string::npos) << text;
}

TEST(Table, OnlyTheSubjectsFaultsAreFailures) {
  const Result dunlin = cost("dunlin", "push", 11);
  const Result limit = cost("limit", "push", 10);
  EXPECT_TRUE(tabulate({dunlin, unsound(limit)}, "dunlin", {}).has_passed());
  EXPECT_FALSE(tabulate({unsound(dunlin), limit}, "dunlin", {}).has_passed());
}

TEST(Table, ABoundThatWasExceededIsNoLoss) {
  Result dunlin = cost("dunlin", "reconnect", 11);
  dunlin.exceeded = {"a reconnect costs 2 times a handshake"};
  const Table table = tabulate({dunlin}, "dunlin", {{"reconnect", {{"", {{}, 12}}}}});
  EXPECT_EQ(table.reached_count, 1u);
  EXPECT_FALSE(table.has_passed());
  const std::string text = to_text(table);
  EXPECT_EQ(text.find("(!)"), std::string::npos) << text;
  EXPECT_NE(text.find("reconnect: dunlin: a reconnect costs"), std::string::npos) << text;
  EXPECT_TRUE(tabulate({dunlin}, "limit", {}).has_passed());
}

TEST(Table, AResultWithoutAFigureIsARowAllTheSame) {
  Result nothing_arrived = unsound(cost("dunlin", "mixed", 0));
  nothing_arrived.metrics.clear();
  const Table table = tabulate({nothing_arrived}, "dunlin", {{"mixed", {{"", {{}, 1'000}}}}});
  EXPECT_EQ(table.unmeasured_count, 1u);
  EXPECT_FALSE(table.has_passed());
  const std::string text = to_text(table);
  EXPECT_NE(text.find("- (!)"), std::string::npos) << text;
  EXPECT_NE(text.find("0 goals reached (<=), 0 missed (>!), 1 not measured"), std::string::npos)
      << text;
  EXPECT_NE(text.find("not measured: mixed: dunlin\n"), std::string::npos) << text;
}

TEST(Table, ARowIsAboutMessagesWhereItSendsThem) {
  Histogram histogram;
  histogram.record(1);
  Result result;
  EXPECT_EQ(main_latency_of(result), nullptr);
  for (const char* name : {"handshake", "reconnection", "answer", "push"})
    result.latencies.push_back({.name = name, .meaning = "", .histogram = histogram});
  EXPECT_EQ(main_latency_of(result)->name, "reconnection");
  result.parameters = {{"loop", "closed"}};
  EXPECT_EQ(main_latency_of(result)->name, "push");
}

TEST(Table, SaysWhatTheFigureMeans) {
  EXPECT_EQ(headline_of(cost("limit", "push", 10))->meaning, "server CPU, µs/push");
  Result odd = cost("limit", "push", 10);
  odd.metrics[0].unit = "u";
  EXPECT_EQ(headline_of(odd)->meaning, "server CPU, u");
}

TEST(Table, AnOpenLoopIsAboutItsLatency) {
  Result result = cost("limit", "push", 10);
  Histogram histogram;
  histogram.record(50'000);
  result.latencies = {{.name = "push", .meaning = "", .histogram = histogram}};
  result.parameters = {{"loop", "closed"}};
  EXPECT_EQ(headline_of(result)->unit, "CPU us");
  result.parameters = {{"loop", "open"}};
  EXPECT_EQ(headline_of(result)->unit, "p99 us");
  EXPECT_EQ(headline_of(result)->value, 50);
  result.latencies.clear();
  EXPECT_FALSE(headline_of(result).has_value());
}

TEST(Table, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace load
