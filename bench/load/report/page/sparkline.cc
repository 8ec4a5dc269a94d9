#include "bench/load/report/page/sparkline.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/axis.h"
#include "bench/load/report/page/markup.h"

namespace load {
namespace {

constexpr double kWidth = 96;
constexpr double kHeight = 24;
constexpr double kMargin = 3;  // For the thickness of the line.

}  // namespace

std::string to_svg(const Sparkline& line) {
  std::size_t steps = 0;
  for (const auto& stroke : line.strokes) steps += stroke.size();
  const Axis x = Axis::fixed(0, steps > 1 ? static_cast<double>(steps - 1) : 1, {});
  const Axis y = Axis::fixed(line.low, line.high, {});

  std::string out = fmt::format(
      "<svg class=\"spark\" aria-hidden=\"true\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\">",
      kWidth, kHeight);
  std::size_t step = 0;
  for (const auto& stroke : line.strokes) {
    fmt::format_to(std::back_inserter(out), "<polyline class=\"curve {}\" points=\"",
                   series_class(line.series));
    for (const double value : stroke) {
      fmt::format_to(std::back_inserter(out), "{:.1f},{:.1f} ",
                     kMargin + (kWidth - 2 * kMargin) * x.share(static_cast<double>(step++)),
                     kMargin + (kHeight - 2 * kMargin) * (1 - y.share(value)));
    }
    out += "\"/>";
  }
  return out + "</svg>";
}

}  // namespace load
