#include "gateway/config/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "gateway/config/quantity.h"
#include "proto/base/ascii.h"

namespace config {
namespace {

constexpr std::size_t kQuotedSizeMax = 80;    // Enough to recognise a value by; bounds a message.
constexpr std::uint64_t kItemSizeMax = 4096;  // Of a list; the longest a channel's name can be.

using Converted = std::expected<Value, std::string>;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

// What was given, for "got …".
std::string description_of(const RawValue& raw) {
  return std::visit(
      Overloaded{[](bool flag) { return std::string(flag ? "true" : "false"); },
                 [](std::int64_t number) { return fmt::format("{}", number); },
                 [](const std::string& text) { return in_quotes(text); },
                 [](const std::vector<std::string>&) { return std::string("a list"); },
                 [](const PlainText& plain) { return in_quotes(plain.text); },
                 [](const OtherType& other) { return std::string(other.what); }},
      raw);
}

std::unexpected<std::string> mismatch(const Setting& setting, const RawValue& raw) {
  const std::string got = setting.secret ? "something else" : description_of(raw);
  return std::unexpected(fmt::format("expected {}, got {}", expectation(setting), got));
}

const std::string* text_of(const RawValue& raw) {
  if (const auto* plain = std::get_if<PlainText>(&raw)) return &plain->text;
  return std::get_if<std::string>(&raw);
}

Converted convert_bool(const Setting& setting, const RawValue& raw) {
  if (const bool* flag = std::get_if<bool>(&raw)) return *flag;
  if (const auto* plain = std::get_if<PlainText>(&raw)) {
    if (plain->text == "true") return true;
    if (plain->text == "false") return false;
  }
  return mismatch(setting, raw);
}

Converted convert_integer(const Setting& setting, const RawValue& raw) {
  std::optional<std::uint64_t> number;
  if (const auto* given = std::get_if<std::int64_t>(&raw)) {
    if (*given >= 0) number = static_cast<std::uint64_t>(*given);
  } else if (const std::string* text = text_of(raw)) {
    // In a file a number stands without quotes unless it has a unit.
    const bool may_be_text = setting.unit == Unit::kBytes || setting.unit == Unit::kMilliseconds ||
                             std::holds_alternative<PlainText>(raw);
    if (may_be_text) number = parse_quantity(*text, setting.unit);
  }
  if (!number || *number < setting.min || *number > setting.max) return mismatch(setting, raw);
  return *number;
}

Converted convert_choice(const Setting& setting, const RawValue& raw) {
  const std::string* word = text_of(raw);
  if (word == nullptr || std::ranges::find(setting.choices, *word) == setting.choices.end()) {
    return mismatch(setting, raw);
  }
  return *word;
}

// What is wrong with a text or an item of a list, quoting it unless it is a secret.
std::optional<std::string> complaint_about(const Setting& setting, const std::string& text) {
  std::optional<std::string> complaint;
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    complaint = "must be valid UTF-8";
  } else if (setting.check != nullptr) {
    complaint = setting.check(text);
  }
  if (complaint && !setting.secret) *complaint += fmt::format(", got {}", in_quotes(text));
  return complaint;
}

Converted convert_text(const Setting& setting, const RawValue& raw) {
  const std::string* text = text_of(raw);
  if (text == nullptr || text->size() < setting.min || text->size() > setting.max) {
    return mismatch(setting, raw);
  }
  // Empty means "none" where the range allows it; there is nothing to check then.
  if (text->empty()) return *text;
  if (auto complaint = complaint_about(setting, *text)) {
    return std::unexpected(std::move(*complaint));
  }
  return *text;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> items;
  if (trimmed(text).empty()) return items;  // The empty list, not a list with an empty item.
  for (;;) {
    const auto comma = text.find(',');
    items.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

std::optional<std::string> complaint_about_item(const Setting& setting, const std::string& item) {
  if (item.empty()) return "must not be empty";
  if (item.size() > kItemSizeMax) return fmt::format("must have at most {} bytes", kItemSizeMax);
  return complaint_about(setting, item);
}

Converted convert_list(const Setting& setting, const RawValue& raw) {
  std::vector<std::string> items;
  if (const auto* given = std::get_if<std::vector<std::string>>(&raw)) {
    items = *given;
  } else if (const auto* plain = std::get_if<PlainText>(&raw)) {
    items = split_at_commas(plain->text);
  } else {
    return mismatch(setting, raw);
  }
  if (items.size() < setting.min || items.size() > setting.max) {
    return std::unexpected(
        fmt::format("expected {}, got {} of them", expectation(setting), items.size()));
  }
  for (std::size_t index = 0; index < items.size(); ++index) {
    if (const auto complaint = complaint_about_item(setting, items[index])) {
      return std::unexpected(fmt::format("item {}: {}", index + 1, *complaint));
    }
  }
  return items;
}

// For to_toml(): escapes what a TOML basic string cannot hold.
std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\u{:04X}", byte);
    } else {
      result += c;
    }
  }
  return result += '"';
}

std::string toml_list(const Setting& setting, const std::vector<std::string>& items) {
  std::vector<std::string> parts;
  parts.reserve(items.size());
  for (const std::string& item : items) {
    parts.push_back(toml_string(setting.secret ? "(hidden)" : item));
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string choices_of(const Setting& setting) {
  std::string result;
  for (std::size_t index = 0; index < setting.choices.size(); ++index) {
    if (index > 0) result += index + 1 == setting.choices.size() ? " or " : ", ";
    result += toml_string(setting.choices[index]);
  }
  return result;
}

std::string integer_expectation(const Setting& setting) {
  const auto range = [&](std::string_view kind, std::string_view unit, std::string_view example) {
    return fmt::format("{} from {} to {}{}{}", kind, setting.min, setting.max, unit, example);
  };
  switch (setting.unit) {
    case Unit::kBytes:
      return range("a size", " bytes", " (or such as \"64KiB\", \"1MiB\")");
    case Unit::kMilliseconds:
      return range("a time", " ms", " (or such as \"250ms\", \"10s\")");
    case Unit::kPercent:
      return range("an integer", " percent", "");
    case Unit::kNone:
      break;
  }
  return range("an integer", "", "");
}

}  // namespace

std::expected<Value, std::string> convert(const Setting& setting, const RawValue& raw) {
  switch (setting.kind) {
    case Kind::kBool:
      return convert_bool(setting, raw);
    case Kind::kInteger:
      return convert_integer(setting, raw);
    case Kind::kChoice:
      return convert_choice(setting, raw);
    case Kind::kText:
      return convert_text(setting, raw);
    case Kind::kList:
      break;
  }
  return convert_list(setting, raw);
}

std::string expectation(const Setting& setting) {
  switch (setting.kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInteger:
      return integer_expectation(setting);
    case Kind::kChoice:
      return choices_of(setting);
    case Kind::kText:
      return fmt::format("a text of {} to {} bytes", setting.min, setting.max);
    case Kind::kList:
      break;
  }
  return fmt::format("a list of {} to {} texts", setting.min, setting.max);
}

std::string to_toml(const Setting& setting, const Value& value) {
  return std::visit(
      Overloaded{[](bool flag) { return std::string(flag ? "true" : "false"); },
                 [&](std::uint64_t number) { return quantity_to_toml(number, setting.unit); },
                 [](const std::string& text) { return toml_string(text); },
                 [&](const std::vector<std::string>& items) { return toml_list(setting, items); }},
      value);
}

std::string printable(std::string text) {
  std::ranges::replace_if(text, dunlin::is_control, '?');
  return text;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, kQuotedSizeMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result += text.size() > kQuotedSizeMax ? "\"..." : "\"";
}

}  // namespace config
