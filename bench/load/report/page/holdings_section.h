// The section with what servers held on to while time passed: memory and open files, of scenarios
// that look at them more than once. Empty where none did.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>

#include "bench/load/report/runs.h"

namespace load {

[[nodiscard]] std::string holdings_section(const Runs& runs);

}  // namespace load
