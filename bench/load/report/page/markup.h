// Text and numbers as HTML and SVG take them. Every name that comes from a file passes escape():
// results may have been made by anybody.
//
// Owner: none (functions).   Thread: any.   Bound: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace load {

// Safe as an element's text and inside a quoted attribute.
[[nodiscard]] std::string escape(std::string_view text);

// 0.125 as "12.5%": a coordinate within a drawing that is as wide as its place.
[[nodiscard]] std::string share_percent(double share);

// Nanoseconds in the unit that keeps them short: "850 ns", "12.3 µs", "1.50 ms", "2 s".
[[nodiscard]] std::string format_duration(double nanoseconds);

// The class that carries a target's colour and dash; beyond kSeriesMax they come again.
constexpr std::size_t kSeriesMax = 8;
[[nodiscard]] std::string series_class(std::size_t index);

}  // namespace load
