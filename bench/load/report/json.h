// A Result as a JSON file, and back: for machines, comparisons and tables.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "bench/load/report/result.h"

namespace load {

[[nodiscard]] std::string to_json(const Result& result);

std::expected<void, std::string> write_json(const Result& result, const std::string& path);

std::expected<Result, std::string> read_json(const std::string& path);

}  // namespace load
