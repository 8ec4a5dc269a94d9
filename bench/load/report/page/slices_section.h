// The section that shows the noise: every figure that was also taken slice by slice, as a small
// line.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <string>
#include <vector>

#include "bench/load/report/runs.h"

namespace load {

// What is drawn from bottom to top, so that noise looks as large as it is: a band of a tenth around
// the median, or wider where the samples are. A share of a core is drawn from none to a whole one.
struct Band {
  double low = 0;
  double high = 1;
};
[[nodiscard]] Band band_of(const std::vector<double>& samples, const std::string& unit);

[[nodiscard]] std::string slices_section(const Runs& runs);

}  // namespace load
