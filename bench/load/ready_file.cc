#include "bench/load/ready_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string_view>

#include "bench/load/text_file.h"

namespace load {

std::expected<ReadyFile, std::string> read_ready_file(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return std::unexpected(text.error());
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  const auto error = parser.parse(*text).get(document);
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
