#include "bench/load/report/page/legend.h"

#include <fmt/format.h>

#include <iterator>

#include "bench/load/report/page/markup.h"

namespace load {

std::string legend(const std::vector<TargetRuns>& targets) {
  std::string out = "<ul class=\"legend\">";
  for (const TargetRuns& target : targets) {
    fmt::format_to(std::back_inserter(out),
                   "<li><svg aria-hidden=\"true\" width=\"28\" height=\"10\"><path class=\"curve "
                   "{}{}\" d=\"M0 5h28\"/></svg>{}</li>",
                   series_class(target.series), target.is_subject ? " subject" : "",
                   escape(target.target));
  }
  return out + "</ul>";
}

}  // namespace load
