// The one clock of the harness.
//
// Owner: none.   Thread: any.   Bound: none.
#pragma once

#include <time.h>

#include <cstdint>

namespace load {

inline constexpr std::int64_t kNever = INT64_MAX;
inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000'000'000;

// Monotonic nanoseconds. Read per message: 20 ns through the vDSO, small beside one recv().
inline std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

}  // namespace load
