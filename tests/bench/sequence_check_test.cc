#include "bench/load/sequence_check.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace load {
namespace {

struct Row {
  std::string_view what;
  std::vector<std::uint64_t> arrivals;
  std::string_view verdicts;  // One letter for each: in order, reordered, duplicated.
};

char letter(SequenceCheck::Verdict verdict) {
  switch (verdict) {
    case SequenceCheck::Verdict::kInOrder:
      return 'i';
    case SequenceCheck::Verdict::kReordered:
      return 'r';
    case SequenceCheck::Verdict::kDuplicated:
      return 'd';
  }
  return '?';
}

const Row kRows[] = {
    {"in order", {0, 1, 2, 3}, "iiii"},
    {"starts late", {5, 6}, "ii"},
    {"one is missing", {0, 2, 3}, "iii"},
    {"two are swapped", {0, 2, 1, 3}, "iiri"},
    {"a copy at once", {0, 0, 1}, "idi"},
    {"a copy later", {0, 1, 2, 0}, "iiid"},
    {"a late one, and its copy", {0, 2, 1, 1}, "iird"},
    {"the oldest remembered", {0, 63, 0}, "iid"},
    {"too old to tell", {0, 64, 0}, "iir"},
    {"a late one at the far end", {1, 64, 1, 2}, "iidr"},
    {"a long jump forgets", {0, 1'000'000, 999'999, 999'999}, "iird"},
};

TEST(SequenceCheck, Verdicts) {
  for (const Row& row : kRows) {
    SequenceCheck check;
    std::string verdicts;
    for (const std::uint64_t sequence : row.arrivals) verdicts += letter(check.observe(sequence));
    EXPECT_EQ(verdicts, row.verdicts) << row.what;
  }
}

}  // namespace
}  // namespace load
