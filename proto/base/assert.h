// DUNLIN_ASSERT checks what only a fault of ours can break; it is on in release builds and ends the
// process. Never assert what a peer, an operator or the kernel can cause: those are values.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace dunlin {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace dunlin

#define DUNLIN_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::dunlin::assertion_failed(#condition, __FILE__, __LINE__))
