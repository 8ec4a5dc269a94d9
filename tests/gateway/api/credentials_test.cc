#include "gateway/api/credentials.h"

#include <gtest/gtest.h>

namespace api {
namespace {

TEST(Credentials, NoKeyLetsEverybodyIn) {
  EXPECT_TRUE(Credentials({}).open());
  EXPECT_FALSE(Credentials({"k"}).open());
}

TEST(Credentials, AcceptsEachKeyAndNothingElse) {
  const Credentials credentials({"first", "a longer second key"});
  EXPECT_TRUE(credentials.accept("first"));
  EXPECT_TRUE(credentials.accept("a longer second key"));
  for (const char* wrong : {"", "firs", "first ", "First", "a longer second ke", "third"}) {
    EXPECT_FALSE(credentials.accept(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace api
