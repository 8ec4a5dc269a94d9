#include "gateway/config/suggestion.h"

#include <gtest/gtest.h>

#include <vector>

namespace config {
namespace {

const std::vector<std::string> kKeys = {"api.listen", "api.body_size_max", "public.backlog",
                                        "hub.shards"};

TEST(Suggestion, NamesTheNearest) {
  struct Row {
    std::string_view word;
    std::string_view expected;
  };
  constexpr Row kRows[] = {
      {"api.lisen", "; did you mean \"api.listen\"?"},
      {"api.body_sise_max", "; did you mean \"api.body_size_max\"?"},
      {"hub.body_size_max", "; did you mean \"api.body_size_max\"?"},  // In the wrong table.
      {"body_size_max", "; did you mean \"api.body_size_max\"?"},      // In no table.
      {"hub.shard", "; did you mean \"hub.shards\"?"},
      {"tls.certificate", ""},
      {"", ""},
  };
  for (const Row& row : kRows) EXPECT_EQ(suggestion_for(row.word, kKeys), row.expected) << row.word;
}

TEST(Suggestion, IsBounded) {
  EXPECT_EQ(suggestion_for(std::string(200, 'a') + ".listen", kKeys), "");
  EXPECT_EQ(suggestion_for("api.listen", {}), "");
}

}  // namespace
}  // namespace config
