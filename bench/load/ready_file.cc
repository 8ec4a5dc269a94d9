#include "bench/load/ready_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string_view>

namespace load {

std::expected<ReadyFile, std::string> read_ready_file(const std::string& path) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  const auto error = parser.load(path).get(document);
  if (error != simdjson::SUCCESS) {
    return std::unexpected(fmt::format("{}: {}", path, simdjson::error_message(error)));
  }
  std::int64_t pid = 0;
  std::string_view public_address;
  std::string_view api_address;
  if (document["pid"].get(pid) != simdjson::SUCCESS ||
      document["public"].get(public_address) != simdjson::SUCCESS ||
      document["api"].get(api_address) != simdjson::SUCCESS) {
    return std::unexpected(fmt::format("{} is not a ready file", path));
  }
  return ReadyFile{.pid = static_cast<int>(pid),
                   .public_address = std::string(public_address),
                   .api_address = std::string(api_address)};
}

}  // namespace load
