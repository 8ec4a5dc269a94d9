// The file a server under test writes when it accepts: {"pid":1,"public":"H:P","api":"H:P"}.
//
// Owner: none (a function).   Thread: any.   Bound: none.
#pragma once

#include <expected>
#include <string>

namespace load {

struct ReadyFile {
  int pid = 0;
  std::string public_address;
  std::string api_address;
};

std::expected<ReadyFile, std::string> read_ready_file(const std::string& path);

}  // namespace load
