// Many results as one HTML page that needs nothing else: no script, no request, text and SVG only.
// It says in a picture what the table says in figures, and shows what the table cannot: percentile
// curves, noise, what was held over time.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>
#include <vector>

#include "bench/load/report/result.h"
#include "bench/load/report/table.h"

namespace load {

// `table` is made of the same results, of which there must be at least one. `reference` is the
// target that the bars of each row are measured by.
[[nodiscard]] std::string to_html(const std::vector<Result>& results, const Table& table,
                                  const std::string& reference);

}  // namespace load
