#include "bench/load/ready_file.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <fstream>
#include <sstream>

namespace load {

std::expected<ReadyFile, std::string> read_ready_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected(fmt::format("cannot read {}", path));
  std::ostringstream text;
  text << file.rdbuf();

  rapidjson::Document document;
  document.Parse(text.str().c_str());
  if (document.HasParseError() || !document.IsObject()) {
    return std::unexpected(fmt::format("{} is not a ready file", path));
  }
  ReadyFile ready;
  for (const auto& member : document.GetObject()) {
    const std::string name = member.name.GetString();
    if (name == "pid" && member.value.IsInt()) ready.pid = member.value.GetInt();
    if (name == "public" && member.value.IsString())
      ready.public_address = member.value.GetString();
    if (name == "api" && member.value.IsString()) ready.api_address = member.value.GetString();
  }
  return ready;
}

}  // namespace load
