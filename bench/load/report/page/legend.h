// Which line is whose: a name beside a piece of its line.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>
#include <vector>

#include "bench/load/report/runs.h"

namespace load {

[[nodiscard]] std::string legend(const std::vector<TargetRuns>& targets);

}  // namespace load
