// A Result for people: some twenty lines.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/result.h"

namespace load {

[[nodiscard]] std::string to_text(const Result& result);

// 1234567.8 as "1,234,568", 3.987 as "3.99": three significant digits where there is a fraction.
[[nodiscard]] std::string format_number(double value);

}  // namespace load
