#include "bench/load/report/page/warnings_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>

#include "bench/load/report/page/markup.h"

namespace load {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::string without_figures(const std::string& text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
    return std::string_view("0123456789.,").find(c) == std::string_view::npos;
  });
  return out;
}

}  // namespace

std::vector<WarningKind> warning_kinds(const std::vector<Result>& results) {
  std::vector<WarningKind> kinds;
  for (const Result& result : results) {
    for (const std::string& warning : result.warnings) {
      const std::string key = without_figures(warning);
      auto kind = std::ranges::find(kinds, key, &WarningKind::key);
      if (kind == kinds.end())
        kind = kinds.insert(kinds.end(), {.key = key, .text = warning, .runs = {}});
      kind->runs.emplace_back(&result, &warning);
    }
  }
  std::ranges::stable_sort(kinds, std::greater(),
                           [](const WarningKind& kind) { return kind.runs.size(); });
  return kinds;
}

std::string warnings_section(const std::vector<Result>& results) {
  const std::vector<WarningKind> kinds = warning_kinds(results);
  if (kinds.empty()) return {};
  std::string out =
      "<section id=\"warnings\"><h2>Warnings</h2>"
      "<p class=\"lead\">What the runs themselves say against their figures. A saturated load "
      "generator limits rates and latencies, while CPU per unit still holds; a busy machine or "
      "noisy slices widen every figure. <strong>None is best.</strong></p>";
  for (const WarningKind& kind : kinds) {
    fmt::format_to(Out(out), "<details><summary>{} × {}</summary><ul class=\"warned-runs\">",
                   kind.runs.size(), escape(kind.gist()));
    for (const auto& [result, warning] : kind.runs) {
      fmt::format_to(Out(out), "<li><b>{} · {}</b> {}</li>", escape(result->label),
                     escape(result->target), escape(*warning));
    }
    out += "</ul></details>";
  }
  return out + "</section>";
}

}  // namespace load
