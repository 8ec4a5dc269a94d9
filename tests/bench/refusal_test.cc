#include <gtest/gtest.h>

#include <string>

#include "bench/load/client/ws_wire.h"

namespace load {
namespace {

struct Row {
  const char* what;
  const char* wire;
  unsigned status;
  std::optional<std::uint32_t> retry_after_s;
};

const Row kRows[] = {
    {"with a hint", "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n", 503, 5},
    {"whatever its case", "HTTP/1.1 429 Slow\r\nretry-after:  17 \r\n\r\n", 429, 17},
    {"with a body", "HTTP/1.1 503 x\r\nRetry-After: 0\r\n\r\n{\"error\"}", 503, 0},
    {"without a hint", "HTTP/1.1 404 Not Found\r\n\r\n", 404, {}},
    {"with a date",
     "HTTP/1.1 503 x\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n",
     503,
     {}},
    {"with half a number", "HTTP/1.1 503 x\r\nRetry-After: 5s\r\n\r\n", 503, {}},
    {"with more than fits", "HTTP/1.1 503 x\r\nRetry-After: 99999999999\r\n\r\n", 503, {}},
    {"with a hint in the body only", "HTTP/1.1 503 x\r\n\r\nRetry-After: 5\r\n\r\n", 503, {}},
    {"without an answer", "", 0, {}},
    {"cut off", "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n", 0, {}},
    {"not HTTP", "\r\n\r\n", 0, {}},
};

TEST(Refusal, SaysHowItWasTurnedDown) {
  for (const Row& row : kRows) {
    const Refusal refusal = read_refusal(std::string_view(row.wire));
    EXPECT_EQ(refusal.status, row.status) << row.what;
    EXPECT_EQ(refusal.retry_after_s, row.retry_after_s) << row.what;
  }
}

}  // namespace
}  // namespace load
