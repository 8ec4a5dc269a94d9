#include "bench/load/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "bench/load/ready_file.h"
#include "bench/load/stamp.h"

namespace load {
namespace {

struct ScenarioName {
  const char* name;
  Scenario scenario;
  const char* help;
};

constexpr std::array kScenarios = {
    ScenarioName{"connect", Scenario::kConnect,
                 "connect, upgrade, close: handshakes per second and their cost"},
    ScenarioName{
        "hold", Scenario::kHold,
        "idle clients: memory for each (of a server that had none before), CPU per second"},
    ScenarioName{"fanout", Scenario::kFanout, "broadcasts to every client"},
    ScenarioName{"push", Scenario::kPush, "pushes to single uids over HTTP"},
    ScenarioName{"echo", Scenario::kEcho, "clients send and get the same back"},
    ScenarioName{"mixed", Scenario::kMixed,
                 "targeted pushes at a rate while broadcasts are under way"},
};

void add_server_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("server");
  group->add_option("--profile", options.profile, "built-in profile or a TOML file")
      ->capture_default_str();
  group->add_option("--ready-file", options.ready_file,
                    "file of the server with its addresses and pid");
  group->add_option("--public", options.public_address, "WebSocket address, HOST:PORT");
  group->add_option("--api", options.api_address, "push address, HOST:PORT");
  group->add_option("--pid", options.pids, "server process, for CPU and memory; may be repeated");
  group->add_option("--api-header", options.api_header,
                    "field of every push, as \"Authorization: Bearer KEY\"");
  group->add_option("--sources", options.sources, "local addresses, as 127.0.1.1-127.0.1.8");
}

void add_load_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("load");
  group->add_option("-c,--connections", options.connections, "clients")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  group->add_option("--workers", options.workers, "threads of the harness")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  group
      ->add_option("--opening-max", options.opening_max, "handshakes under way at once, per worker")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  group->add_flag("--spin", options.spin,
                  "poll instead of sleeping: needs a core per worker, and leaves its wake-ups out "
                  "of latencies");
}

void add_message_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("messages");
  group->add_option("--size", options.payload_size, "payload bytes; at least 33")
      ->check(CLI::Range(kStampSize, std::size_t{32} << 20))
      ->capture_default_str();
  group
      ->add_option(
          "--outstanding", options.outstanding,
          "closed loop: broadcasts, requests per publisher, or echoes per client under way")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  group->add_option("--rate", options.rate, "open loop: broadcasts, pushes or echoes per second")
      ->check(CLI::NonNegativeNumber);
}

void add_push_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("pushes");
  group
      ->add_option("--publishers", options.publishers,
                   "HTTP connections, per worker; default 16, mixed 128")
      ->check(CLI::Range(1, 10'000));
  group
      ->add_option("--batch", options.batch, "pushes in one body, a line each; 0: one request each")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
}

void add_time_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("time");
  group->add_option("--warmup", options.warmup_s, "seconds of load before it is recorded")
      ->capture_default_str();
  group->add_option("--duration", options.duration_s, "seconds recorded")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  group->add_option("--settle", options.settle_s, "seconds from the last login to the load")
      ->capture_default_str();
  group->add_option("--timeout", options.timeout_s, "seconds until something missing is given up")
      ->capture_default_str();
  group->add_option("--slices", options.slices, "parts of the duration, to show the noise")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

void add_output_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("output");
  group->add_option("--json", options.json_file, "write the result here, too");
  group->add_option("--label", options.label, "the row of `table` that it belongs to");
}

void add_scenario(CLI::App& app, const ScenarioName& named, Arguments& arguments) {
  Options& options = arguments.options;
  CLI::App* command = app.add_subcommand(named.name, named.help);
  add_server_options(*command, options);
  add_load_options(*command, options);
  if (named.scenario == Scenario::kConnect) {
    command->add_flag("--storm", options.storm,
                      "all clients at once and once, instead of over and over");
    command->add_option("--rate", options.rate, "open loop: handshakes per second");
  } else if (named.scenario != Scenario::kHold) {
    add_message_options(*command, options);
  }
  if (named.scenario == Scenario::kPush || named.scenario == Scenario::kMixed)
    add_push_options(*command, options);
  if (named.scenario == Scenario::kFanout) {
    command->add_option("--channel", options.channel,
                        "broadcast to this channel, whose clients connect to channel_path");
  }
  if (named.scenario == Scenario::kFanout || named.scenario == Scenario::kMixed) {
    command
        ->add_option("--non-readers", options.non_readers_percent,
                     "percent of clients that never read")
        ->check(CLI::Range(0.0, 99.0));
  }
  if (named.scenario == Scenario::kMixed) {
    command->add_option("--broadcast-rate", options.broadcast_rate,
                        "broadcasts per second; 0: the next when the last has arrived");
  }
  add_time_options(*command, options);
  add_output_options(*command, options);
  command->callback([&arguments, named] {
    arguments.command = Command::kRun;
    arguments.options.scenario = named.scenario;
    arguments.options.scenario_name = named.name;
  });
}

std::string missing_form(const Setup& setup) {
  const auto& [options, profile, public_address, api_address, sources] = setup;
  const bool broadcasts =
      options.scenario == Scenario::kFanout || options.scenario == Scenario::kMixed;
  const bool pushes = options.scenario == Scenario::kPush || options.scenario == Scenario::kMixed;
  const PublishForm& wide = options.channel.empty() ? profile.broadcast : profile.channel;
  if (broadcasts && !wide.is_supported())
    return options.channel.empty() ? "[broadcast]" : "[channel]";
  if (!options.channel.empty() && profile.channel_path.empty()) return "client.channel_path";
  if (pushes && options.batch == 0 && !profile.push.is_supported()) return "[push]";
  if (pushes && options.batch > 0 && !profile.batch.is_supported()) return "[batch]";
  if (options.scenario == Scenario::kEcho && profile.echo_path.empty()) return "client.echo_path";
  return {};
}

std::size_t ports_needed(const Options& options) {
  // Every closed connection holds its port for a minute, so a handshake run wears many out.
  const bool churns = options.scenario == Scenario::kConnect && !options.storm;
  return churns ? 1'000'000 : options.connections;
}

}  // namespace

std::expected<Arguments, int> parse_command_line(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Load harness for WebSocket push gateways: honest latencies, CPU per unit of work."};
  app.require_subcommand(1);
  app.get_formatter()->column_width(28);
  for (const ScenarioName& named : kScenarios) add_scenario(app, named, arguments);

  CLI::App* compare =
      app.add_subcommand("compare", "two results of one scenario: what got worse beyond noise");
  compare->add_option("files", arguments.files, "A.json B.json")
      ->required()
      ->expected(2)
      ->check(CLI::ExistingFile);
  compare->callback([&] { arguments.command = Command::kCompare; });

  CLI::App* table = app.add_subcommand(
      "table", "many results side by side, and one target's ratios to the others");
  table->add_option("files", arguments.files, "JSON files")->required()->check(CLI::ExistingFile);
  table->add_option("--subject", arguments.subject, "target whose ratios to the others are shown")
      ->capture_default_str();
  table->add_option("--goals", arguments.goals, "TOML file: how large a ratio may be")
      ->check(CLI::ExistingFile);
  table->callback([&] { arguments.command = Command::kTable; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error));
  }
  return arguments;
}

std::expected<Setup, std::string> prepare(Options options) {
  if (!options.ready_file.empty()) {
    const auto ready = read_ready_file(options.ready_file);
    if (!ready) return std::unexpected(ready.error());
    if (options.public_address.empty()) options.public_address = ready->public_address;
    if (options.api_address.empty()) options.api_address = ready->api_address;
    if (options.pids.empty() && ready->pid > 0) options.pids = {ready->pid};
  }
  if (options.public_address.empty())
    return std::unexpected("which server? Give --ready-file or --public");
  if (options.scenario == Scenario::kMixed && options.rate == 0) options.rate = 1'000;
  // During a broadcast every push waits for it; a backend would not hold back the next ones.
  if (options.publishers == 0) options.publishers = options.scenario == Scenario::kMixed ? 128 : 16;
  // One address serves both where pushes have no port of their own.
  if (options.api_address.empty()) options.api_address = options.public_address;
  options.workers = std::min(options.workers, options.connections);

  auto profile = load_profile(options.profile);
  if (!profile) return std::unexpected(profile.error());
  auto public_address = Address::resolve(options.public_address);
  if (!public_address) return std::unexpected(public_address.error());
  auto api_address = Address::resolve(options.api_address);
  if (!api_address) return std::unexpected(api_address.error());
  auto sources = options.sources.empty()
                     ? std::expected<std::vector<Address>, std::string>(
                           default_sources(*public_address, ports_needed(options)))
                     : parse_sources(options.sources);
  if (!sources) return std::unexpected(sources.error());

  Setup setup{.options = std::move(options),
              .profile = std::move(*profile),
              .public_address = std::move(*public_address),
              .api_address = std::move(*api_address),
              .sources = std::move(*sources)};
  if (const std::string missing = missing_form(setup); !missing.empty()) {
    return std::unexpected(fmt::format("profile '{}' has no {}", setup.profile.name, missing));
  }
  return setup;
}

}  // namespace load
