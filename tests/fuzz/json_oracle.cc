#include "tests/fuzz/json_oracle.h"

#include <rapidjson/error/error.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace fuzz {

Json judge_json(std::string_view text) {
  // RapidJSON takes a NUL for the end of the text. There is none in JSON (section 7).
  if (text.find('\0') != std::string_view::npos) return Json::kInvalid;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> handler;
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseIterativeFlag;
  const auto result = reader.Parse<kFlags>(bytes, handler);
  if (!result.IsError()) return Json::kValid;
  const bool taste = result.Code() == rapidjson::kParseErrorStringUnicodeSurrogateInvalid ||
                     result.Code() == rapidjson::kParseErrorNumberTooBig;
  return taste ? Json::kMatterOfTaste : Json::kInvalid;
}

}  // namespace fuzz
