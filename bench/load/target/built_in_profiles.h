// The profiles of profiles/*.toml, put into the program by CMake.
//
// Owner: a constant.   Thread: any.   Bound: as many as CMakeLists.txt names.
#pragma once

#include <span>
#include <string_view>

namespace load {

struct ProfileText {
  std::string_view name;
  std::string_view toml;
};

[[nodiscard]] std::span<const ProfileText> built_in_profile_texts();

}  // namespace load
