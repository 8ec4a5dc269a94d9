#include "gateway/observe/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <memory>
#include <string>

namespace observe {

constinit std::atomic<LogLevel> detail::log_level = LogLevel::kInfo;

namespace {

// Written by init(), read by every thread; orders nothing.
constinit std::atomic<LogFormat> log_format = LogFormat::kText;

// spdlog takes care of the lock and of writing the line in one piece. Never destroyed, so that
// threads and destructors may log until the very end.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("%v");  // The line is complete: append_log_line() has made it.
    auto* created = new spdlog::logger("dunlin", std::move(sink));
    created->set_level(spdlog::level::trace);  // enabled() decides.
    return created;
  }();
  return *instance;
}

}  // namespace

bool init(std::string_view level, LogFormat format) {
  if (!set_level(level)) return false;
  log_format.store(format, std::memory_order_relaxed);
  return true;
}

bool set_level(std::string_view level) {
  const auto parsed = log_level_from(level);
  if (!parsed) return false;
  detail::log_level.store(*parsed, std::memory_order_relaxed);
  return true;
}

std::string_view level() { return to_string(detail::log_level.load(std::memory_order_relaxed)); }

void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  const LogEvent event{.time = std::chrono::system_clock::now(),
                       .level = level,
                       .message = message,
                       .fields = {fields.begin(), fields.size()}};
  std::string line;
  append_log_line(line, event, log_format.load(std::memory_order_relaxed));
  logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace observe
