// The section with all medians and ratios as a table: the bars for those who would rather read.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/runs.h"
#include "bench/load/report/table.h"

namespace load {

[[nodiscard]] std::string table_section(const Table& table, const Runs& runs);

}  // namespace load
