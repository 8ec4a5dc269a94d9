#include "bench/load/report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace load {

Progress::Progress() : visible_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::string_view line) {
  if (!visible_) return;
  fmt::print(stderr, "\r\033[K{}", line.substr(0, kLineSizeMax));
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

}  // namespace load
