#include "gateway/observe/log_line.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "gateway/observe/escape.h"

namespace observe {
namespace {

constexpr std::array<std::string_view, 6> kLevels = {"trace", "debug", "info",
                                                     "warn",  "error", "off"};

void append_time(std::string& line, std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  fmt::format_to(std::back_inserter(line), "{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                 fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), millis);
}

// Cut to the bound, at the end of a whole character.
std::string_view bounded(std::string_view text) {
  if (text.size() <= kLogValueSizeMax) return text;
  std::size_t size = kLogValueSizeMax;
  const auto continues = [&] { return (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80; };
  // At most three: a sequence has four bytes, and bytes that are no sequence may be cut anywhere.
  for (int step = 0; step < 3 && continues(); ++step) --size;
  return text.substr(0, size);
}

void append_bounded(std::string& line, std::string_view text, InvalidUtf8 invalid) {
  const std::string_view kept = bounded(text);
  append_escaped(line, kept, invalid);
  if (kept.size() < text.size()) line += "...";
}

void append_quoted(std::string& line, std::string_view text, InvalidUtf8 invalid) {
  line += '"';
  append_bounded(line, text, invalid);
  line += '"';
}

// What needs no quotes in text: nobody can take it for two values, or for an escape.
bool is_plain(std::string_view text) {
  const auto is_plain_character = [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=';
  };
  return !text.empty() && text.size() <= kLogValueSizeMax &&
         std::ranges::all_of(text, is_plain_character);
}

struct TextValue {
  std::string& line;

  void operator()(std::string_view text) const {
    if (is_plain(text)) {
      line += text;
    } else {
      append_quoted(line, text, InvalidUtf8::kHex);
    }
  }
  void operator()(bool flag) const { line += flag ? "true" : "false"; }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(line), "{}", number); }
};

struct JsonValue {
  std::string& line;

  void operator()(std::string_view text) const {
    append_quoted(line, text, InvalidUtf8::kReplacement);
  }
  void operator()(bool flag) const { line += flag ? "true" : "false"; }
  void operator()(double number) const {
    // RFC 8259 section 6: infinity and NaN have no form in JSON.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(line), "{}", number);
    } else {
      line += "null";
    }
  }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(line), "{}", number); }
};

void append_text_line(std::string& line, const LogEvent& event) {
  append_time(line, event.time);
  fmt::format_to(std::back_inserter(line), " {:<5} ", to_string(event.level));
  append_bounded(line, event.message, InvalidUtf8::kHex);
  for (const LogField& field : event.fields) {
    line.append(" ").append(field.name).append("=");
    std::visit(TextValue{line}, field.value);
  }
}

void append_json_line(std::string& line, const LogEvent& event) {
  line += R"({"ts":")";
  append_time(line, event.time);
  fmt::format_to(std::back_inserter(line), R"(","level":"{}","msg":)", to_string(event.level));
  append_quoted(line, event.message, InvalidUtf8::kReplacement);
  for (const LogField& field : event.fields) {
    line += ',';
    append_quoted(line, field.name, InvalidUtf8::kReplacement);
    line += ':';
    std::visit(JsonValue{line}, field.value);
  }
  line += '}';
}

}  // namespace

std::string_view to_string(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> log_level_from(std::string_view name) {
  const auto found = std::ranges::find(kLevels, name);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevels.begin());
}

void append_log_line(std::string& line, const LogEvent& event, LogFormat format) {
  if (format == LogFormat::kJson) {
    append_json_line(line, event);
  } else {
    append_text_line(line, event);
  }
}

}  // namespace observe
