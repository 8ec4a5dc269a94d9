#include "bench/load/report/page/page.h"

#include <fmt/format.h>

#include <string_view>

#include "bench/load/report/page/glance_section.h"
#include "bench/load/report/page/header.h"
#include "bench/load/report/page/holdings_section.h"
#include "bench/load/report/page/latency_section.h"
#include "bench/load/report/page/markup.h"
#include "bench/load/report/page/overview.h"
#include "bench/load/report/page/slices_section.h"
#include "bench/load/report/page/style.h"
#include "bench/load/report/page/table_section.h"
#include "bench/load/report/page/throughput_section.h"
#include "bench/load/report/page/warnings_section.h"
#include "bench/load/report/runs.h"

namespace load {
namespace {

struct Section {
  std::string_view id;
  std::string_view name;
  std::string body;  // Empty: there is nothing to show.
};

}  // namespace

std::string to_html(const std::vector<Result>& results, const Table& table,
                    const std::string& reference) {
  const Runs runs = sort_runs(results, table.subject);
  const std::vector<Section> sections = {
      {"glance", "At a glance", glance_section(table, runs)},
      {"overview", "Row by row", overview_section(table, runs, reference)},
      {"latency", "Latency", latency_section(runs)},
      {"throughput", "Rates and faults", throughput_section(runs)},
      {"holdings", "Held over time", holdings_section(runs)},
      {"slices", "Steadiness", slices_section(runs)},
      {"warnings", "Warnings", warnings_section(results)},
      {"table", "Table", table_section(table, runs)},
  };
  // The policy forbids what the page does not do anyway: to load or run anything.
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; img-src data:\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<title>{} · load report</title><link rel=\"icon\" href=\"data:,\">"
      "<style>{}</style></head>\n<body>",
      escape(table.subject), style());
  out += page_header(results, runs, table) + verdict(results, table);
  out += "<nav aria-label=\"Sections\">";
  for (const Section& section : sections) {
    if (!section.body.empty())
      out += fmt::format("<a href=\"#{}\">{}</a>", section.id, section.name);
  }
  out += "</nav>\n<main>";
  for (const Section& section : sections) out += section.body + "\n";
  return out + "</main></body></html>\n";
}

}  // namespace load
