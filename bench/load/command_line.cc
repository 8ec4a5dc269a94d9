#include "bench/load/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "bench/load/ready_file.h"
#include "bench/load/report/json.h"
#include "bench/load/stamp.h"

namespace load {
namespace {

constexpr const char* kExitStatus =
    "Exit status:\n"
    "  0  all went as it must\n"
    "  1  it could not be run or written\n"
    "  2  it ran, but something was lost, duplicated, reordered, damaged, refused or too late\n"
    "     (checks marked (!)); or a bound was exceeded (reconnect --baseline-max, soak\n"
    "     --memory-growth-max), a figure got worse (compare), a goal was missed or could not be\n"
    "     measured (table)\n"
    "  3  the profile says that the server cannot do this\n"
    "  above 100: a wrong command line";

constexpr std::size_t kStreamOutstanding = 64;

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
    ScenarioName{
        "reconnect", Scenario::kReconnect,
        "all clients lose their connections at once and come back: how long until the last "
        "handshake, what cost"},
    ScenarioName{
        "soak", Scenario::kSoak,
        "pushes, broadcasts and churn for long: does anything grow, slow down or get lost"},
};

// Where a scenario wants another default than the rest.
struct OwnDefault {
  Scenario scenario;
  const char* option;
  const char* value;
};

constexpr std::array kOwnDefaults = {
    OwnDefault{Scenario::kMixed, "--rate", "1000"},
    OwnDefault{Scenario::kMixed, "--probes", "1000"},
    OwnDefault{Scenario::kSoak, "--rate", "1000"},
    OwnDefault{Scenario::kSoak, "--broadcast-rate", "1"},
    OwnDefault{Scenario::kSoak, "--non-readers", "1"},
    OwnDefault{Scenario::kSoak, "--duration", "60"},
    OwnDefault{Scenario::kSoak, "--slices", "30"},
};

// "--workers N [1]": what CLI11 would add on types and bounds helps nobody who asks for help.
class HelpText final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";  // A flag.
    std::string type = option->get_type_name();
    type.erase(std::min(type.find(':'), type.size()));
    if (type == "INT" || type == "UINT" || type == "FLOAT") type = "N";
    const std::string& value = option->get_default_str();
    return value.empty() ? " " + type : fmt::format(" {} [{}]", type, value);
  }
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

void add_tls_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("TLS, where the profile says tls or api_tls");
  group
      ->add_option("--ca", options.ca_file,
                   "PEM file: the server's certificate must be signed by one of these, and be for "
                   "the host of --public or --api. Without it certificates are NOT VERIFIED")
      ->check(CLI::ExistingFile);
  group->add_flag("--tls-resume", options.tls_resume,
                  "clients that connect again offer the session ticket of their last connection");
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
  static const std::map<std::string, PayloadKind> kKinds{{"letters", PayloadKind::kLetters},
                                                         {"json", PayloadKind::kJson}};
  group
      ->add_option("--payload", options.payload,
                   "what messages are made of: letters, or JSON records as real ones are, for "
                   "what compresses; of 128 bytes at least")
      ->transform(CLI::CheckedTransformer(kKinds).description(""))
      ->type_name("letters|json")
      ->default_str("letters");
  group
      ->add_option(
          "--outstanding", options.outstanding,
          "closed loop: broadcasts, requests per publisher, or echoes per client under way")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  group
      ->add_option("--rate", options.rate,
                   "open loop: broadcasts, pushes or echoes per second; 0: closed loop")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_push_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("pushes");
  group
      ->add_option("--publishers", options.publishers,
                   "HTTP connections, per worker; --stream: requests")
      ->check(CLI::Range(1, 10'000))
      ->default_str("16; mixed, soak 128; --stream 4");
  auto* batch = group
                    ->add_option("--batch", options.batch,
                                 "pushes in one body, a line each; 0: one request each")
                    ->check(CLI::Range(0, 100'000))
                    ->capture_default_str();
  group
      ->add_flag("--stream", options.stream,
                 "pushes as lines of endless chunked requests, answered line by line meanwhile; "
                 "--outstanding lines under way on each, default 64")
      ->excludes(batch);
}

void add_wait_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("waiting");
  group->add_option("--settle", options.settle_s, "seconds from the last login to the load")
      ->capture_default_str();
  group->add_option("--timeout", options.timeout_s, "seconds until something missing is given up")
      ->capture_default_str();
}

void add_time_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("time");
  group->add_option("--warmup", options.warmup_s, "seconds of load before it is recorded")
      ->capture_default_str();
  group->add_option("--duration", options.duration_s, "seconds recorded")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  group->add_option("--slices", options.slices, "parts of the duration, to show the noise")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

void add_non_readers_option(CLI::App& app, Options& options) {
  app.add_option("--non-readers", options.non_readers_percent, "percent of clients that never read")
      ->check(CLI::Range(0.0, 99.0))
      ->capture_default_str();
}

void add_broadcast_rate_option(CLI::App& app, Options& options) {
  app.add_option("--broadcast-rate", options.broadcast_rate,
                 "broadcasts per second; 0: the next when the last has arrived")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_probes_option(CLI::App& app, Options& options) {
  app.add_option("--probes", options.probes,
                 "clients that take turns in getting the targeted pushes, and are read before the "
                 "others so that their latency is the server's; fewer stay in the server's caches. "
                 "Each worker needs one. 0: all clients get them, none is preferred")
      ->capture_default_str();
}

void add_drop_option(CLI::App& app, Options& options) {
  static const std::map<std::string, Drop> kNames{{"reset", Drop::kReset}, {"close", Drop::kClose}};
  app.add_option("--drop", options.drop, "how connections end: reset (RST) or close (FIN)")
      ->transform(CLI::CheckedTransformer(kNames).description(""))
      ->type_name("reset|close")
      ->default_str("reset");
}

void add_reconnect_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("reconnect");
  add_drop_option(*group, options);
  group->add_flag("--storm", options.storm, "all come back at once; --opening-max does not count");
  group->add_option("--rounds", options.rounds, "how often all connections are dropped")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  group
      ->add_option("--return-timeout", options.return_timeout_s,
                   "seconds until clients that are not connected again are given up")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  group
      ->add_option("--baseline", options.baseline_file,
                   "JSON result of `connect` with this server: its CPU per handshake is what a "
                   "reconnect is measured by")
      ->check(CLI::ExistingFile);
  group
      ->add_option("--baseline-max", options.baseline_max,
                   "so many times the baseline a reconnect may cost, else exit status 2")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_soak_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("soak");
  group
      ->add_option("--churn", options.churn_rate,
                   "connections per second that are dropped and come back")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  group
      ->add_option("--churn-clients", options.churn_clients,
                   "how many take turns in that, besides --connections")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_drop_option(*group, options);
  group
      ->add_option("--memory-growth-max", options.memory_growth_max,
                   "percent that the server's memory and open files may grow in the second half …")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  group
      ->add_option("--memory-allowance", options.memory_allowance,
                   "… and the MiB on top of that, else exit status 2")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_output_options(CLI::App& app, Options& options) {
  auto* group = app.add_option_group("output");
  group->add_option("--json", options.json_file, "write the result here, too");
  group->add_option("--label", options.label, "the row of `table` that it belongs to");
}

void show_own_defaults(CLI::App& command, Scenario scenario) {
  for (const OwnDefault& own : kOwnDefaults) {
    if (own.scenario == scenario) command.get_option(own.option)->default_str(own.value);
  }
}

void use_own_defaults(CLI::App& command, Scenario scenario) {
  for (const OwnDefault& own : kOwnDefaults) {
    if (own.scenario != scenario || command.count(own.option) > 0) continue;
    command.get_option(own.option)->run_callback_for_default()->default_val(own.value);
  }
}

void add_table_options(CLI::App& app, Arguments& arguments) {
  app.add_option("files", arguments.files, "JSON files")->required()->check(CLI::ExistingFile);
  app.add_option("--subject", arguments.subject, "target whose ratios to the others are shown")
      ->capture_default_str();
  app.add_option("--goals", arguments.goals, "TOML file: how large a ratio may be")
      ->check(CLI::ExistingFile);
}

void add_scenario(CLI::App& app, const ScenarioName& named, Arguments& arguments) {
  Options& options = arguments.options;
  CLI::App* command = app.add_subcommand(named.name, named.help);
  add_server_options(*command, options);
  add_tls_options(*command, options);
  add_load_options(*command, options);
  const auto is = [&](auto... scenarios) { return ((named.scenario == scenarios) || ...); };
  if (is(Scenario::kConnect)) {
    command->add_flag("--storm", options.storm,
                      "all clients at once and once, instead of over and over");
    command->add_option("--rate", options.rate, "open loop: handshakes per second; 0: closed loop")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
  }
  if (!is(Scenario::kConnect, Scenario::kHold, Scenario::kReconnect))
    add_message_options(*command, options);
  if (is(Scenario::kPush, Scenario::kMixed, Scenario::kSoak)) add_push_options(*command, options);
  if (is(Scenario::kFanout)) {
    command->add_option("--channel", options.channel,
                        "broadcast to this channel, whose clients connect to channel_path");
  }
  if (is(Scenario::kFanout, Scenario::kMixed, Scenario::kSoak))
    add_non_readers_option(*command, options);
  if (is(Scenario::kMixed, Scenario::kSoak)) add_broadcast_rate_option(*command, options);
  if (is(Scenario::kMixed)) add_probes_option(*command, options);
  if (is(Scenario::kReconnect)) add_reconnect_options(*command, options);
  if (is(Scenario::kSoak)) add_soak_options(*command, options);
  if (!is(Scenario::kReconnect)) add_time_options(*command, options);
  add_wait_options(*command, options);
  add_output_options(*command, options);
  show_own_defaults(*command, named.scenario);
  command->callback([&arguments, command, named] {
    use_own_defaults(*command, named.scenario);
    if (arguments.options.stream && command->count("--outstanding") == 0)
      arguments.options.outstanding = kStreamOutstanding;
    arguments.command = Command::kRun;
    arguments.options.scenario = named.scenario;
    arguments.options.scenario_name = named.name;
  });
}

std::string missing_form(const Setup& setup) {  // Its name in the profile.
  const Options& options = setup.options;
  const Profile& profile = setup.profile;
  const bool both = options.scenario == Scenario::kMixed || options.scenario == Scenario::kSoak;
  const bool broadcasts = options.scenario == Scenario::kFanout || both;
  const bool pushes = options.scenario == Scenario::kPush || both;
  const bool lines = options.batch > 0 || options.stream;
  const PublishForm& wide = options.channel.empty() ? profile.broadcast : profile.channel;
  if (broadcasts && !wide.is_supported())
    return options.channel.empty() ? "[broadcast]" : "[channel]";
  if (!options.channel.empty() && profile.channel_path.empty()) return "client.channel_path";
  if (pushes && !lines && !profile.push.is_supported()) return "[push]";
  if (pushes && lines && !profile.batch.is_supported()) return "[batch]";
  if (options.scenario == Scenario::kEcho && profile.echo_path.empty()) return "client.echo_path";
  return {};
}

std::size_t ports_needed(const Options& options) {
  // Every closed connection holds its port for a minute, so a handshake run wears many out.
  if (options.scenario == Scenario::kConnect && !options.storm) return 1'000'000;
  if (options.scenario == Scenario::kReconnect) return options.connections * (options.rounds + 1);
  constexpr double kMinute = 60;
  const double churned = options.scenario == Scenario::kSoak ? options.churn_rate * kMinute : 0;
  return options.connections + options.churn_clients + static_cast<std::size_t>(churned);
}

// What one handshake cost the server in a run of `connect`.
std::expected<double, std::string> read_baseline(const std::string& file) {
  const auto result = read_json(file);
  if (!result) return std::unexpected(result.error());
  const auto cpu = std::ranges::find(result->metrics, "server_cpu", &Metric::name);
  if (result->scenario != "connect" || cpu == result->metrics.end() || cpu->value <= 0)
    return std::unexpected(fmt::format("{}: no result of `connect` with server_cpu", file));
  return cpu->value;
}

// Null when it is not `wanted`.
std::expected<std::shared_ptr<const TlsContext>, std::string> make_tls(bool wanted,
                                                                       const Address& server,
                                                                       const Options& options) {
  if (!wanted) return nullptr;
  return TlsContext::make(server.host(), options.ca_file);
}

}  // namespace

std::expected<Arguments, int> parse_command_line(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Load harness for WebSocket push gateways: honest latencies, CPU per unit of work."};
  app.require_subcommand(1);
  app.formatter(std::make_shared<HelpText>());
  app.get_formatter()->column_width(30);
  app.footer(kExitStatus);
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
  add_table_options(*table, arguments);
  table->callback([&] { arguments.command = Command::kTable; });

  CLI::App* report = app.add_subcommand("report", "the same as one HTML page with charts");
  add_table_options(*report, arguments);
  report->add_option("--reference", arguments.reference, "target that is a line through all bars")
      ->capture_default_str();
  report->add_option("-o,--output", arguments.report, "file to write")->capture_default_str();
  report->callback([&] { arguments.command = Command::kReport; });

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
  if (options.publishers == 0) {
    const bool both = options.scenario == Scenario::kMixed || options.scenario == Scenario::kSoak;
    options.publishers = options.stream ? 4 : both ? 128 : 16;
  }
  if (options.storm) options.opening_max = options.connections;
  if (options.payload == PayloadKind::kJson && options.payload_size < Payload::kJsonSizeMin)
    return std::unexpected(
        fmt::format("--payload json needs a --size of {} at least", Payload::kJsonSizeMin));
  if (!options.baseline_file.empty()) {
    const auto baseline = read_baseline(options.baseline_file);
    if (!baseline) return std::unexpected(baseline.error());
    options.baseline_cpu_us = *baseline;
  }
  // One address serves both where pushes have no port of their own.
  if (options.api_address.empty()) options.api_address = options.public_address;
  options.workers = std::min(options.workers, options.connections);
  options.churn_clients = std::max(options.churn_clients, options.workers);

  auto profile = load_profile(options.profile);
  if (!profile) return std::unexpected(profile.error());
  if ((!options.ca_file.empty() || options.tls_resume) && !profile->tls && !profile->api_tls) {
    return std::unexpected(fmt::format(
        "profile '{}' says nothing of tls: --ca and --tls-resume have no meaning", profile->name));
  }
  auto public_address = Address::resolve(options.public_address);
  if (!public_address) return std::unexpected(public_address.error());
  auto api_address = Address::resolve(options.api_address);
  if (!api_address) return std::unexpected(api_address.error());
  auto sources = options.sources.empty()
                     ? std::expected<std::vector<Address>, std::string>(
                           default_sources(*public_address, ports_needed(options)))
                     : parse_sources(options.sources);
  if (!sources) return std::unexpected(sources.error());
  auto public_tls = make_tls(profile->tls, *public_address, options);
  if (!public_tls) return std::unexpected(public_tls.error());
  auto api_tls = make_tls(profile->api_tls, *api_address, options);
  if (!api_tls) return std::unexpected(api_tls.error());

  return Setup{.options = std::move(options),
               .profile = std::move(*profile),
               .public_address = std::move(*public_address),
               .api_address = std::move(*api_address),
               .sources = std::move(*sources),
               .public_tls = std::move(*public_tls),
               .api_tls = std::move(*api_tls)};
}

std::optional<std::string> unsupported(const Setup& setup) {
  const std::string missing = missing_form(setup);
  if (missing.empty()) return std::nullopt;
  return fmt::format("profile '{}' has no {}", setup.profile.name, missing);
}

}  // namespace load
