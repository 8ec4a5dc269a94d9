#include "proto/push/json_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

namespace push::json {
namespace {

constexpr std::size_t kCapacityMin = 16 << 10;
constexpr std::size_t kCapacityStep = 256 << 10;

// Powers of two, and above kCapacityStep multiples of it: not twice what a large document needs.
std::size_t capacity_for(std::size_t size) {
  if (size > kCapacityStep) return (size + kCapacityStep - 1) / kCapacityStep * kCapacityStep;
  return std::bit_ceil(std::max(size, kCapacityMin));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// For a token that is not what was wanted: is it another value, or none?
template <typename Outcome>
Outcome no_value_or(std::string_view token, Outcome other_value, Outcome no_value) {
  return !token.empty() && std::string_view("-0123456789tfn\"{[").contains(token.front())
             ? other_value
             : no_value;
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// RFC 8259 section 6. Numbers of any size: they are passed on as they are.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t integer = at;
  at = skip_digits(text, at);
  if (at == integer || (text[integer] == '0' && at > integer + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool is_scalar(std::string_view token) {
  if (token == "true" || token == "false" || token == "null") return true;
  return is_number(token);
}

// Section 7. `text` starts after the opening quote and may run on after the closing one; stage 1
// has found that there is one, and that no control character stands before it.
bool has_valid_escapes(const char* text) {
  for (;; ++text) {
    if (*text == '"') return true;
    if (*text != '\\') continue;
    ++text;
    if (*text == 'u') {
      if (!std::all_of(text + 1, text + 5, is_hex)) return false;
      text += 4;
    } else if (*text == '\0' || std::strchr("\"\\/bfnrt", *text) == nullptr) {
      return false;
    }
  }
}

Checked check_string(ondemand::value& value, std::string_view token) {
  ondemand::raw_json_string raw;
  if (value.get_raw_json_string().get(raw) != simdjson::SUCCESS) return Checked::kMalformed;
  if (std::memchr(token.data(), '\\', token.size()) == nullptr) return Checked::kOk;
  return has_valid_escapes(raw.raw()) ? Checked::kOk : Checked::kMalformed;
}

}  // namespace

simdjson::error_code Reader::open(PaddedText json) {
  const std::size_t size = json.size();
  if (parser_.capacity() < size || parser_.capacity() == 0) {
    if (const auto error = parser_.allocate(capacity_for(size))) return error;
  }
  largest_ = std::max(largest_, size);
  end_ = json.view().data() + size;
  const simdjson::padded_string_view padded(json.view(), size + kPadding);
  return parser_.iterate(padded).get(document_);
}

void Reader::rest() {
  const std::size_t needed = capacity_for(std::exchange(largest_, 0));
  // A fresh one, which allocates when it is used: asking simdjson for less could fail half-way.
  if (parser_.capacity() > needed) parser_ = ondemand::parser();
}

void Reader::let_go() {
  if (parser_.capacity() != 0) parser_ = ondemand::parser();
}

std::size_t Reader::memory_size() const {
  const std::size_t capacity = parser_.capacity();
  if (capacity == 0) return 0;
  // Of simdjson 3: a buffer for unescaped strings, and an index of 32 bits for each byte of JSON.
  return capacity * 5 / 3 + capacity * sizeof(std::uint32_t);
}

simdjson::error_code Reader::root(ondemand::object& object) {
  return document_.get_object().get(object);
}

bool Reader::at_end() { return document_.current_location().error() == simdjson::OUT_OF_BOUNDS; }

// A token reaches to the start of the next one: what is between is white space. Empty: past the end
// of the text, where a malformed one can lead when the bytes behind it look like JSON.
std::string_view Reader::token_of(ondemand::value& value) const {
  const std::string_view token = value.raw_json_token();
  if (token.data() >= end_) return {};
  return trim_end(token.substr(0, static_cast<std::size_t>(end_ - token.data())));
}

Read Reader::read_string(ondemand::value value, std::string_view& text) const {
  const std::string_view token = token_of(value);
  if (!token.starts_with('"')) return no_value_or(token, Read::kWrongType, Read::kMalformed);
  if (std::memchr(token.data(), '\\', token.size()) == nullptr) {
    ondemand::raw_json_string raw;
    if (value.get_raw_json_string().get(raw) != simdjson::SUCCESS) return Read::kMalformed;
    text = token.substr(1, token.size() - 2);
    return Read::kOk;
  }
  if (value.get_string().get(text) != simdjson::SUCCESS) return Read::kMalformed;
  // An escape can name half of a surrogate pair.
  return simdjson::validate_utf8(text) ? Read::kOk : Read::kMalformed;
}

Read Reader::read_bool(ondemand::value value, bool& truth) const {
  const std::string_view token = token_of(value);
  truth = token == "true";
  if (truth || token == "false") return Read::kOk;
  return no_value_or(token, Read::kWrongType, Read::kMalformed);
}

Number Reader::read_integer(ondemand::value value, std::uint64_t& integer) const {
  const std::string_view token = token_of(value);
  if (!is_number(token)) return no_value_or(token, Number::kWrongType, Number::kMalformed);
  if (token.find_first_of(".eE") != std::string_view::npos) return Number::kWrongType;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), integer);
  return error == std::errc{} ? Number::kOk : Number::kOutOfRange;
}

Checked Reader::check(ondemand::value value, std::size_t depth_max) const {
  const std::string_view token = token_of(value);
  if (token.empty()) return Checked::kMalformed;
  switch (token.front()) {
    case '{': {
      ondemand::object object;
      if (depth_max == 0) return Checked::kTooDeep;
      if (value.get_object().get(object) != simdjson::SUCCESS) return Checked::kMalformed;
      return check_object(object, depth_max - 1);
    }
    case '[': {
      ondemand::array array;
      if (depth_max == 0) return Checked::kTooDeep;
      if (value.get_array().get(array) != simdjson::SUCCESS) return Checked::kMalformed;
      return check_array(array, depth_max - 1);
    }
    case '"':
      return check_string(value, token);
    default:  // The iteration this value is part of moves past it.
      return is_scalar(token) ? Checked::kOk : Checked::kMalformed;
  }
}

Checked Reader::check_object(ondemand::object object, std::size_t depth_max) const {
  for (auto item : object) {
    ondemand::field field;
    if (std::move(item).get(field) != simdjson::SUCCESS) return Checked::kMalformed;
    if (!has_valid_escapes(field.key().raw())) return Checked::kMalformed;
    const Checked checked = check(field.value(), depth_max);
    if (checked != Checked::kOk) return checked;
  }
  return Checked::kOk;
}

Checked Reader::check_array(ondemand::array array, std::size_t depth_max) const {
  for (auto item : array) {
    ondemand::value value;
    if (std::move(item).get(value) != simdjson::SUCCESS) return Checked::kMalformed;
    const Checked checked = check(value, depth_max);
    if (checked != Checked::kOk) return checked;
  }
  return Checked::kOk;
}

Checked Reader::read_raw(ondemand::value value, std::size_t depth_max, std::string_view& raw) {
  raw = token_of(value);
  const Checked checked = check(value, depth_max);
  if (checked != Checked::kOk || (raw.front() != '{' && raw.front() != '[')) return checked;
  const char* next = nullptr;  // The token after the value.
  if (document_.current_location().get(next) != simdjson::SUCCESS || next >= end_) {
    return Checked::kMalformed;
  }
  raw = trim_end(std::string_view(raw.begin(), next));
  return Checked::kOk;
}

Checked Reader::check_document(std::size_t depth_max) {
  ondemand::value value;
  const auto error = document_.get_value().get(value);
  if (error == simdjson::SUCCESS) {
    const Checked checked = check(value, depth_max);
    return checked == Checked::kOk && !at_end() ? Checked::kMalformed : checked;
  }
  if (error != simdjson::SCALAR_DOCUMENT_AS_VALUE) return Checked::kMalformed;
  std::string_view token;
  if (document_.raw_json_token().get(token) != simdjson::SUCCESS) return Checked::kMalformed;
  if (token.data() + token.size() < end_) return Checked::kMalformed;  // Something follows it.
  token = trim_end(token);
  const bool valid =
      token.starts_with('"') ? has_valid_escapes(token.data() + 1) : is_scalar(token);
  return valid ? Checked::kOk : Checked::kMalformed;
}

bool read_key(ondemand::raw_json_string key, std::string_view& name) {
  const char* text = key.raw();
  name = {};
  for (std::size_t size = 0; size <= kPlainKeySizeMax && text[size] != '\\'; ++size) {
    if (text[size] != '"') continue;
    name = {text, size};
    return true;
  }
  return has_valid_escapes(text);
}

PushError malformed(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return {.code = "invalid_utf8", .message = "the JSON text is not valid UTF-8"};
    case simdjson::EMPTY:
      return {.code = "invalid_json", .message = "the JSON text is empty"};
    case simdjson::UNCLOSED_STRING:
      return {.code = "invalid_json", .message = "a string is not closed"};
    case simdjson::UNESCAPED_CHARS:
      return {.code = "invalid_json", .message = "a control character in a string is not escaped"};
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return {.code = "invalid_json", .message = "the JSON text is too large"};
    default:
      return malformed();
  }
}

PushError malformed() {
  return {.code = "invalid_json", .message = "this is not one well-formed JSON value"};
}

PushError too_deep(std::size_t depth_max) {
  return {.code = "too_deep",
          .message = "nested more than " + std::to_string(depth_max) + " levels deep"};
}

}  // namespace push::json
