#include "bench/load/report/page/markup.h"

#include <fmt/format.h>

#include "bench/load/report/text.h"

namespace load {

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string share_percent(double share) { return fmt::format("{:.4g}%", 100 * share); }

std::string format_duration(double nanoseconds) {
  if (nanoseconds < 1e3) return format_number(nanoseconds) + " ns";
  if (nanoseconds < 1e6) return format_number(nanoseconds / 1e3) + " µs";
  if (nanoseconds < 1e9) return format_number(nanoseconds / 1e6) + " ms";
  return format_number(nanoseconds / 1e9) + " s";
}

std::string series_class(std::size_t index) { return fmt::format("t{}", index % kSeriesMax); }

}  // namespace load
