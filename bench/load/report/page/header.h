// The head of the page: what was run, when, on what, by which method, and the verdict.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <string>
#include <vector>

#include "bench/load/report/result.h"
#include "bench/load/report/runs.h"
#include "bench/load/report/table.h"

namespace load {

[[nodiscard]] std::string page_header(const std::vector<Result>& results, const Runs& runs,
                                      const Table& table);

// Goals reached or missed, checks sound or not, warnings: an icon, words, and where to look.
[[nodiscard]] std::string verdict(const std::vector<Result>& results, const Table& table);

}  // namespace load
