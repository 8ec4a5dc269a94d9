// Reads or writes a whole small file.
//
// Owner: none (functions).   Thread: any.   Bound: none; operators name the files.
#pragma once

#include <expected>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace load {

inline std::expected<std::string, std::string> read_text_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::expected<void, std::string> write_text_file(const std::string& path,
                                                        std::string_view text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return std::unexpected("cannot write " + path);
  return {};
}

}  // namespace load
