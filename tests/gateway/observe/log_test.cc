#include "gateway/observe/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace observe {
namespace {

template <class Function>
std::string written_by(Function&& function) {
  testing::internal::CaptureStderr();
  function();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesALineToStandardError) {
  ASSERT_TRUE(init("info", LogFormat::kText));
  const std::string text = written_by([] { info("connection closed", {{"code", 1000}}); });
  EXPECT_TRUE(text.ends_with(" info  connection closed code=1000\n")) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);

  ASSERT_TRUE(init("info", LogFormat::kJson));
  const std::string json = written_by([] { warn("no fields"); });
  EXPECT_TRUE(json.starts_with("{\"ts\":\"20")) << json;
  EXPECT_TRUE(json.ends_with("\"level\":\"warn\",\"msg\":\"no fields\"}\n")) << json;
}

TEST(Log, WritesFromTheLevelUpwards) {
  ASSERT_TRUE(init("info", LogFormat::kText));
  const auto all = [] {
    trace("1");
    debug("2");
    info("3");
    warn("4");
    error("5");
  };
  const auto count = [&] {
    const std::string text = written_by(all);
    return std::ranges::count(text, '\n');
  };
  struct Row {
    std::string_view level;
    long lines;
  };
  constexpr Row kRows[] = {{"trace", 5}, {"debug", 4}, {"info", 3},
                           {"warn", 2},  {"error", 1}, {"off", 0}};
  for (const Row& row : kRows) {
    ASSERT_TRUE(set_level(row.level));
    EXPECT_EQ(level(), row.level);
    EXPECT_EQ(count(), row.lines) << row.level;
  }
}

TEST(Log, KeepsItsLevelWhenTheNameIsUnknown) {
  ASSERT_TRUE(init("warn", LogFormat::kText));
  EXPECT_FALSE(set_level("verbose"));
  EXPECT_FALSE(init("verbose", LogFormat::kJson));
  EXPECT_EQ(level(), "warn");
  EXPECT_FALSE(enabled(LogLevel::kInfo));
  EXPECT_EQ(written_by([] { warn("m"); }).find('{'), std::string::npos) << "the format too";
}

TEST(Log, LinesOfThreadsDoNotMix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  ASSERT_TRUE(init("info", LogFormat::kText));
  const std::string text = written_by([] {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([thread] {
        for (int line = 0; line < kLines; ++line) info("m", {{"thread", thread}, {"line", line}});
      });
    }
  });
  std::istringstream lines(text);
  std::vector<int> next(kThreads);
  for (std::string line; std::getline(lines, line);) {
    int thread = -1;
    int number = -1;
    const auto fields = line.substr(line.find(" thread="));
    ASSERT_EQ(std::sscanf(fields.c_str(), " thread=%d line=%d", &thread, &number), 2) << line;
    EXPECT_EQ(number, next.at(static_cast<std::size_t>(thread))++) << line;
  }
  for (const int count : next) EXPECT_EQ(count, kLines);
}

TEST(Log, LevelChangesWhileOthersLog) {
  const std::string text = written_by([] {
    std::jthread writer([] {
      for (int line = 0; line < 1'000; ++line) debug("m", {{"line", line}});
    });
    for (int turn = 0; turn < 1'000; ++turn) set_level(turn % 2 == 0 ? "debug" : "info");
  });
  EXPECT_TRUE(text.empty() || text.ends_with('\n'));
}

}  // namespace
}  // namespace observe
