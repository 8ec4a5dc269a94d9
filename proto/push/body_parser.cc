#include "proto/push/body_parser.h"

#include <string>
#include <utility>

#include "proto/push/json_reader.h"
#include "proto/push/push_parser.h"  // kDepthMax

namespace push {
namespace {

using json::Reader;
using json::ondemand::object;
using json::ondemand::value;
using Result = std::expected<void, PushError>;

std::unexpected<PushError> refuse(std::string_view code, std::string message, std::string path) {
  return std::unexpected(
      PushError{.code = code, .message = std::move(message), .path = std::move(path)});
}

Result read_text(const Reader& reader, value from, std::size_t size_max, const std::string& path,
                 std::string_view& text) {
  switch (reader.read_string(from, text)) {
    case json::Read::kMalformed:
      return std::unexpected(json::malformed());
    case json::Read::kWrongType:
      return refuse("wrong_type", "must be a string", path);
    case json::Read::kOk:
      break;
  }
  if (text.empty()) return refuse("empty_value", "must not be empty", path);
  if (text.size() > size_max) {
    return refuse("too_long", "must be at most " + std::to_string(size_max) + " bytes long", path);
  }
  return {};
}

Result read_list(const Reader& reader, value from, const BodyParser::ListRule& rule,
                 std::vector<std::string_view>& texts) {
  json::ondemand::array array;
  const std::string name(rule.name);
  const auto error = from.get_array().get(array);
  if (error == simdjson::INCORRECT_TYPE) {
    return refuse("wrong_type", "must be an array of strings", name);
  }
  if (error != simdjson::SUCCESS) return std::unexpected(json::malformed(error));
  for (auto item : array) {
    value element;
    if (std::move(item).get(element) != simdjson::SUCCESS)
      return std::unexpected(json::malformed());
    if (texts.size() == rule.count_max) {
      return refuse("too_many", "must have at most " + std::to_string(rule.count_max) + " elements",
                    name);
    }
    const std::string path = name + "[" + std::to_string(texts.size()) + "]";
    std::string_view text;
    if (auto read = read_text(reader, element, rule.size_max, path, text); !read) return read;
    texts.push_back(text);
  }
  return {};
}

}  // namespace

class BodyParser::Impl {
 public:
  // The object's one member; `read` is given its value.
  template <typename ReadValue>
  Result read_only_member(PaddedText text, std::string_view name, ReadValue read) {
    object members;
    if (const auto error = reader_.open(text)) {
      return std::unexpected(json::malformed(error));
    }
    if (const auto error = reader_.root(members)) {
      if (error == simdjson::INCORRECT_TYPE) {
        return refuse("wrong_type", "the request must be a JSON object", {});
      }
      return std::unexpected(json::malformed(error));
    }
    bool seen = false;
    for (auto item : members) {
      json::ondemand::field field;
      if (std::move(item).get(field) != simdjson::SUCCESS)
        return std::unexpected(json::malformed());
      std::string_view key;
      if (!json::read_key(field.key(), key)) return std::unexpected(json::malformed());
      if (key != name) {
        return refuse("unknown_key", "the only member is " + std::string(name), std::string(key));
      }
      if (seen) return refuse("duplicate_key", "is given twice", std::string(name));
      seen = true;
      if (auto result = read(reader_, field.value()); !result) return result;
    }
    if (!reader_.at_end()) return std::unexpected(json::malformed());
    if (!seen) return refuse("missing_key", "must be given", std::string(name));
    return {};
  }

  std::expected<std::string_view, PushError> check(PaddedText text) {
    if (const auto error = reader_.open(text)) {
      return std::unexpected(json::malformed(error));
    }
    switch (reader_.check_document(kDepthMax)) {
      case json::Checked::kMalformed:
        return std::unexpected(json::malformed());
      case json::Checked::kTooDeep:
        return std::unexpected(json::too_deep(kDepthMax));
      case json::Checked::kOk:
        break;
    }
    std::string_view value = text.view();
    const std::size_t begin = value.find_first_not_of(" \t\r\n");
    value.remove_prefix(begin);
    value.remove_suffix(value.size() - 1 - value.find_last_not_of(" \t\r\n"));
    return value;
  }

  void rest() { reader_.rest(); }
  void let_go() { reader_.let_go(); }
  [[nodiscard]] std::size_t memory_size() const { return reader_.memory_size(); }

 private:
  Reader reader_;
};

BodyParser::BodyParser() : impl_(std::make_unique<Impl>()) {}
BodyParser::~BodyParser() = default;
BodyParser::BodyParser(BodyParser&&) noexcept = default;
BodyParser& BodyParser::operator=(BodyParser&&) noexcept = default;

Result BodyParser::parse_list(PaddedText json, const ListRule& rule,
                              std::vector<std::string_view>& texts) {
  texts.clear();
  return impl_->read_only_member(json, rule.name, [&](const Reader& reader, value from) {
    return read_list(reader, from, rule, texts);
  });
}

std::expected<std::string_view, PushError> BodyParser::parse_text(PaddedText json,
                                                                  const TextRule& rule) {
  std::string_view text;
  auto read = impl_->read_only_member(json, rule.name, [&](const Reader& reader, value from) {
    return read_text(reader, from, rule.size_max, std::string(rule.name), text);
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return text;
}

std::expected<std::string_view, PushError> BodyParser::check(PaddedText json) {
  return impl_->check(json);
}

void BodyParser::rest() { impl_->rest(); }
void BodyParser::let_go() { impl_->let_go(); }
std::size_t BodyParser::memory_size() const { return impl_->memory_size(); }

bool is_valid_utf8(std::string_view text) { return simdjson::validate_utf8(text); }

}  // namespace push
