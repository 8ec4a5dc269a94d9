// Lines of cells as text: columns as wide as their widest cell. Columns that do not fit beside the
// others go into a further block, which repeats the first column.
//
// Owner: none (a function).   Thread: any.   Bound: kWidthMax columns of text, unless a single
// column needs more.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace load {

using TextLine = std::vector<std::string>;  // All lines of a grid have the same number of cells.

constexpr std::size_t kWidthMax = 120;

// The first column is aligned to the left, the others to the right.
[[nodiscard]] std::string to_text(const std::vector<TextLine>& lines);

}  // namespace load
