// The section with a card for each row of the table: its bars, and its goals in words.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <string>

#include "bench/load/report/runs.h"
#include "bench/load/report/table.h"

namespace load {

// Where the row stands within the page.
[[nodiscard]] std::string row_anchor(std::size_t index);

// Each goal of a row as a list item: an icon, a word, the figures.
[[nodiscard]] std::string goal_items(const Row& row, const Table& table);

// `reference` is the target whose figure is drawn as a line through all bars of a row.
[[nodiscard]] std::string overview_section(const Table& table, const Runs& runs,
                                           const std::string& reference);

}  // namespace load
