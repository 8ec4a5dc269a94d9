// Reads a whole small file.
//
// Owner: none (a function).   Thread: any.   Bound: none; operators name the files.
#pragma once

#include <expected>
#include <fstream>
#include <sstream>
#include <string>

namespace load {

inline std::expected<std::string, std::string> read_text_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace load
