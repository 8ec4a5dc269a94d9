// dunlin-bench: the load harness. Reads options, runs one scenario or works with results, prints.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "bench/load/command_line.h"
#include "bench/load/report/compare.h"
#include "bench/load/report/goals.h"
#include "bench/load/report/json.h"
#include "bench/load/report/page/page.h"
#include "bench/load/report/progress.h"
#include "bench/load/report/summarize.h"
#include "bench/load/report/table.h"
#include "bench/load/report/text.h"
#include "bench/load/scenario/run.h"
#include "bench/load/text_file.h"

namespace {

constexpr int kFailed = 2;       // It could be run or read, but what was found is not good.
constexpr int kUnsupported = 3;  // The profile says that the server does no such thing.

int fail(const std::string& reason, int status = 1) {
  fmt::print(stderr, "dunlin-bench: {}\n", reason);
  return status;
}

// A descriptor per client. Root may raise the hard limit too.
void raise_file_limit() {
  const rlimit wanted{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int run_scenario(load::Options options) {
  const auto setup = load::prepare(std::move(options));
  if (!setup) return fail(setup.error());
  if (const auto reason = load::unsupported(*setup)) return fail(*reason, kUnsupported);
  raise_file_limit();
  const load::ServerProbe probe(setup->options.pids);
  load::Progress progress;
  load::Run run(*setup, probe, progress);
  const auto record = run.execute();
  if (!record) return fail(record.error());

  const load::Result result = load::summarize(*setup, *record, probe.is_known());
  fmt::print("{}", load::to_text(result));
  if (!setup->options.json_file.empty()) {
    const auto written = load::write_json(result, setup->options.json_file);
    if (!written) return fail(written.error());
  }
  return result.has_passed() ? 0 : kFailed;
}

int tabulate(const load::Arguments& arguments, std::vector<load::Result> results) {
  // A directory of results holds other JSON files, too, such as the server's ready file.
  std::erase_if(results, [](const load::Result& result) { return result.scenario.empty(); });
  if (results.empty()) return fail("none of these files is a result of a scenario");
  const auto goals = load::read_goals(arguments.goals);
  if (!goals) return fail(goals.error());
  const load::Table table = load::tabulate(results, arguments.subject, *goals);
  if (arguments.command == load::Command::kReport) {
    const std::string page = load::to_html(results, table, arguments.reference);
    const auto written = load::write_text_file(arguments.report, page);
    return written ? 0 : fail(written.error());
  }
  fmt::print("{}", load::to_text(table));
  return table.has_passed() ? 0 : kFailed;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  auto arguments = load::parse_command_line(argc, argv);
  if (!arguments) return arguments.error();
  if (arguments->command == load::Command::kRun) return run_scenario(std::move(arguments->options));

  std::vector<load::Result> results;
  for (const std::string& file : arguments->files) {
    auto result = load::read_json(file);
    if (!result) return fail(result.error());
    results.push_back(std::move(*result));
  }
  if (arguments->command != load::Command::kCompare)
    return tabulate(*arguments, std::move(results));
  const load::Comparison comparison = load::compare(results[0], results[1]);
  fmt::print("{}", load::to_text(comparison));
  return comparison.worse_count == 0 ? 0 : kFailed;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dunlin-bench: %s\n", error.what());
  return 1;
}
