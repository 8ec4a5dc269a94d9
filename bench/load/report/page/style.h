// How the page looks: light and dark, wide and narrow, on a screen and on paper.
//
// The targets' colours are told apart with any kind of colour blindness, and each line also has a
// dash of its own.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <string_view>

namespace load {

[[nodiscard]] std::string_view style();

}  // namespace load
