// The section that shows all ratios of the subject in one picture. Empty where there are none.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/runs.h"
#include "bench/load/report/table.h"

namespace load {

[[nodiscard]] std::string glance_section(const Table& table, const Runs& runs);

}  // namespace load
