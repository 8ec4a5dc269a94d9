// What is wrong with a JSON request, as a value: for the error of an API answer.
#pragma once

#include <string>
#include <string_view>

namespace push {

struct PushError {
  std::string_view code;  // Stable, snake_case, static.
  std::string message;    // What is wrong and what would be right.
  std::string path;       // Where: "uids[3]". Empty: the request as a whole.
  bool operator==(const PushError&) const = default;
};

}  // namespace push
