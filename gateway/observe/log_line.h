// Turns one event into one line of log. Does no I/O and reads no clock.
//
// Owner: free functions over values.   Thread: any.
// Bound: of a value (and of the message) at most kLogValueSizeMax bytes are taken; "..." ends a cut
// one. A caller thus bounds a line by its number of fields.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace observe {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : std::uint8_t { kText, kJson };

inline constexpr std::size_t kLogValueSizeMax = 1'024;

[[nodiscard]] std::string_view to_string(LogLevel level);
[[nodiscard]] std::optional<LogLevel> log_level_from(std::string_view name);

// A name and a typed value, such as {"code", 1000}. Views only: it lives within one call.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text)
      : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, const std::string& text)
      : name(field_name), value(std::string_view(text)) {}
  LogField(std::string_view field_name, std::same_as<bool> auto flag)
      : name(field_name), value(flag) {}
  LogField(std::string_view field_name, std::floating_point auto number)
      : name(field_name), value(static_cast<double>(number)) {}
  LogField(std::string_view field_name, std::signed_integral auto number)
      : name(field_name), value(std::int64_t{number}) {}
  template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>)
  LogField(std::string_view field_name, Number number)
      : name(field_name), value(std::uint64_t{number}) {}

  std::string_view name;
  Value value;
};

struct LogEvent {
  std::chrono::system_clock::time_point time;
  LogLevel level;
  std::string_view message;
  std::span<const LogField> fields;
};

// Appends the line without its newline. Nothing in it can end the line: control characters, line
// and paragraph separators and bidirectional controls are escaped, invalid UTF-8 becomes \xNN in
// text and \ufffd in JSON. A line of JSON is valid JSON, whatever the values.
void append_log_line(std::string& line, const LogEvent& event, LogFormat format);

}  // namespace observe
