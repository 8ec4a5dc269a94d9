// Structured log: one event is one line on standard error, as text or as JSON. Values are escaped,
// so that bytes from a client can neither end a line nor forge a field.
//
//   observe::info("connection closed", {{"conn", id}, {"code", code}});
//   2026-11-21T09:00:00.123Z info  connection closed conn=7f3a code=1000
//   {"ts":"2026-11-21T09:00:00.123Z","level":"info","msg":"connection closed","conn":"7f3a",…}
//
// A call below the level costs one relaxed load: nothing is formatted (but arguments are
// evaluated). A line is one write; it waits while standard error does.
//
// Owner: the process (one log).   Thread: any, all functions.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "gateway/observe/log_line.h"

namespace observe {

// Says which events are written, and how. May be called again at any time (reload). False, and
// nothing changes, when `level` is not one of trace, debug, info, warn, error, off. Before the
// first call the log is at info, as text.
bool init(std::string_view level, LogFormat format);

// As init(), for the level alone.
bool set_level(std::string_view level);

// The level's name, as set_level() takes it.
[[nodiscard]] std::string_view level();

namespace detail {
// Written by init() and set_level(), read by every thread; orders nothing.
extern constinit std::atomic<LogLevel> log_level;
}  // namespace detail

[[nodiscard]] inline bool enabled(LogLevel level) {
  return level >= detail::log_level.load(std::memory_order_relaxed);
}

// Writes whatever the level is; callers use the functions below.
void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

// `message` and the fields' names are literals of ours, the values may be anybody's. Views in
// `fields` need to live for the call only.
inline void log(LogLevel level, std::string_view message,
                std::initializer_list<LogField> fields = {}) {
  if (enabled(level)) write(level, message, fields);
}
inline void trace(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kTrace, message, fields);
}
inline void debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kDebug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kInfo, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kWarn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::kError, message, fields);
}

}  // namespace observe
