// The section with everything that makes figures less than they seem: each warning once, with the
// runs that it is about. Empty where there was none.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/load/report/result.h"

namespace load {

// Warnings that differ in their figures only.
struct WarningKind {
  std::string key;   // The text without figures.
  std::string text;  // The first one's.
  std::vector<std::pair<const Result*, const std::string*>> runs;

  // The text up to its details.
  [[nodiscard]] std::string gist() const { return text.substr(0, text.find_first_of(":(")); }
};

// The most frequent first.
[[nodiscard]] std::vector<WarningKind> warning_kinds(const std::vector<Result>& results);

[[nodiscard]] std::string warnings_section(const std::vector<Result>& results);

}  // namespace load
