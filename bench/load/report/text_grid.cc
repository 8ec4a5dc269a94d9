#include "bench/load/report/text_grid.h"

#include <algorithm>

namespace load {
namespace {

constexpr std::size_t kGap = 2;

// In characters: every byte of UTF-8 but those that go on with one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::size_t> column_widths(const std::vector<TextLine>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const TextLine& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  }
  return widths;
}

void append_block(std::string& out, const std::vector<TextLine>& lines,
                  const std::vector<std::size_t>& widths, std::size_t begin, std::size_t end) {
  for (const TextLine& line : lines) {
    out += line[0];
    std::size_t spaces = widths[0] - width_of(line[0]);
    for (std::size_t i = begin; i < end; ++i) {
      spaces += kGap + widths[i] - width_of(line[i]);
      out.append(spaces, ' ').append(line[i]);
      spaces = 0;
    }
    out += '\n';
  }
}

}  // namespace

std::string to_text(const std::vector<TextLine>& lines) {
  std::string out;
  if (lines.empty()) return out;
  const std::vector<std::size_t> widths = column_widths(lines);
  for (std::size_t begin = 1; begin < widths.size();) {
    std::size_t width = widths[0] + kGap + widths[begin];
    std::size_t end = begin + 1;
    while (end < widths.size() && width + kGap + widths[end] <= kWidthMax)
      width += kGap + widths[end++];
    if (begin > 1) out += '\n';
    append_block(out, lines, widths, begin, end);
    begin = end;
  }
  return out;
}

}  // namespace load
