// The section with the percentile curves: a card for the latency that each row is about; the others
// folded away below it.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/page/line_chart.h"
#include "bench/load/report/runs.h"

namespace load {

// A histogram as a curve: x is log10(1 / (1 - p)), the number of nines of the percentile p; it ends
// at the largest value.
[[nodiscard]] Series percentile_curve(const Histogram& histogram, const std::string& name);

[[nodiscard]] std::string latency_section(const Runs& runs);

}  // namespace load
