#include "gateway/observe/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Families in the order in which they are added.
class Exposition {
 public:
  explicit Exposition(cross::ShardSet& shards) : shards_(shards) {}

  MetricFamily& family(MetricType type, std::string name, std::string help) {
    MetricFamily& family = families_.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
  }

  static void sample(MetricFamily& family, Labels labels, std::uint64_t value) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    const auto number = static_cast<double>(value);
    if (family.type == MetricType::Counter) {
      metric.counter.value = number;
    } else {
      metric.gauge.value = number;
    }
  }

  // One sample for each shard.
  void by_shard(MetricType type, std::string name, std::string help,
                cross::Counter cross::Counters::* counter) {
    MetricFamily& out = family(type, std::move(name), std::move(help));
    for (cross::ShardIndex i = 0; i < shards_.size(); ++i) {
      sample(out, {{"shard", std::to_string(i)}}, (shards_.counters(i).*counter).value());
    }
  }

  // One sample for each cause, all shards added up.
  template <typename Enum>
  void by_cause(std::string name, std::string help, std::string label,
                cross::CounterOf<Enum> cross::Counters::* counters) {
    MetricFamily& out = family(MetricType::Counter, std::move(name), std::move(help));
    for (std::size_t c = 0; c < static_cast<std::size_t>(Enum::kCount); ++c) {
      const auto cause = static_cast<Enum>(c);
      sample(out, {{label, std::string(name_of(cause))}}, shards_.sum(counters, cause));
    }
  }

  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  cross::ShardSet& shards_;
  std::vector<MetricFamily> families_;
};

void add_connections(Exposition& out, cross::ShardSet& shards, const config::Config& config) {
  MetricFamily& family = out.family(MetricType::Gauge, "dunlin_connections",
                                    "Open WebSocket connections by profile and shard.");
  for (cross::ShardIndex i = 0; i < shards.size(); ++i) {
    for (std::size_t p = 0; p < config.profiles.size(); ++p) {
      Exposition::sample(family,
                         {{"profile", config.profiles[p].name}, {"shard", std::to_string(i)}},
                         shards.counters(i).connections[p].value());
    }
  }
}

void add_receipts(Exposition& out, cross::ShardSet& shards) {
  using Member = cross::Counter cross::Counters::*;
  static constexpr std::pair<const char*, Member> kKinds[] = {
      {"matched", &cross::Counters::matched}, {"written", &cross::Counters::written},
      {"queued", &cross::Counters::queued},   {"conflated", &cross::Counters::conflated},
      {"offline", &cross::Counters::offline}, {"acked", &cross::Counters::acked},
  };
  MetricFamily& family = out.family(
      MetricType::Counter, "dunlin_receipts_total",
      "What became of pushes: connections matched, frames written, frames queued first, waiting "
      "frames that a newer one with their key replaced, uids offline, acknowledgements. When "
      "nothing "
      "waits, matched = written + conflated + drops.");
  for (const auto& [kind, counter] : kKinds) {
    Exposition::sample(family, {{"kind", kind}}, shards.sum(counter));
  }
}

void add_latency(Exposition& out, cross::ShardSet& shards) {
  MetricFamily& family = out.family(
      MetricType::Histogram, "dunlin_push_latency_seconds",
      "From a push's acceptance to the last byte of a frame of it in the kernel's hands.");
  auto& histogram = family.metric.emplace_back().histogram;
  std::uint64_t cumulative = 0;
  std::uint64_t sum_ns = 0;
  const auto& bounds = cross::LatencyHistogram::kBoundsSeconds;
  for (std::size_t b = 0; b <= bounds.size(); ++b) {
    for (cross::ShardIndex i = 0; i < shards.size(); ++i) {
      cumulative += shards.counters(i).push_latency.bucket(b);
    }
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = cumulative;
    bucket.upper_bound = b < bounds.size() ? bounds[b] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back(bucket);
  }
  for (cross::ShardIndex i = 0; i < shards.size(); ++i) {
    sum_ns += shards.counters(i).push_latency.sum_ns();
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = static_cast<double>(sum_ns) * 1e-9;
}

void add_memory(Exposition& out, cross::ShardSet& shards) {
  const auto gauge = [&](std::string name, std::string help, std::uint64_t value) {
    Exposition::sample(out.family(MetricType::Gauge, std::move(name), std::move(help)), {}, value);
  };
  gauge("dunlin_message_bytes", "Memory of all messages in queues, histories and rings.",
        shards.sum(&cross::Counters::message_bytes));  // One alone may be below 0.
  gauge("dunlin_memory_held_bytes", "What counts for limits.memory_max.", shards.memory.held());
  gauge("dunlin_memory_max_bytes", "limits.memory_max in force.", shards.memory.ceiling());
  gauge("dunlin_memory_shedding", "1 while connections are closed for want of memory.",
        shards.memory.shedding() ? 1 : 0);
}

void add_rings(Exposition& out, cross::ShardSet& shards) {
  MetricFamily& family =
      out.family(MetricType::Gauge, "dunlin_ring_depth", "Jobs that wait in a shard's inbox.");
  for (cross::ShardIndex i = 0; i < shards.size(); ++i) {
    Exposition::sample(family, {{"shard", std::to_string(i)}}, shards.inbox(i).depth());
  }
}

// Certificates are those of both ports. Two may have the same name, and a file may be named twice.
void add_keys(Exposition& out, const Source& source) {
  Exposition::sample(out.family(MetricType::Gauge, "dunlin_token_keys",
                                "Keys in force that tokens are verified with."),
                     {}, source.token_keys);
  if (source.certificates == nullptr || source.certificates->empty()) return;
  MetricFamily& family =
      out.family(MetricType::Gauge, "dunlin_tls_certificate_expiry_timestamp_seconds",
                 "When a certificate in force ends, of the public port and the API, as Unix time.");
  std::set<std::string_view> told;
  for (const CertificateEnd& end : *source.certificates) {
    if (!told.insert(end.file).second) continue;
    Exposition::sample(family, {{"file", end.file}, {"name", end.name}},
                       static_cast<std::uint64_t>(std::max<std::int64_t>(end.not_after_s, 0)));
  }
}

void add_reloads(Exposition& out, const cross::Reloads& reloads) {
  MetricFamily& family =
      out.family(MetricType::Counter, "dunlin_reloads_total",
                 "Reloads (SIGHUP) by result; a bad one leaves everything as it was.");
  for (std::size_t r = 0; r < static_cast<std::size_t>(cross::ReloadResult::kCount); ++r) {
    const auto result = static_cast<cross::ReloadResult>(r);
    Exposition::sample(family, {{"result", std::string(name_of(result))}},
                       reloads.results[result].value());
  }
  Exposition::sample(
      out.family(MetricType::Gauge, "dunlin_last_reload_successful",
                 "0 when the last reload was refused: what is in force is not what the files say."),
      {}, reloads.last_applied.value());
  Exposition::sample(out.family(MetricType::Gauge, "dunlin_last_reload_success_timestamp_seconds",
                                "When files were last read and put in force, as Unix time."),
                     {}, reloads.last_applied_time_s.value());
}

}  // namespace

std::string metrics_text(const Source& source) {
  cross::ShardSet& shards = source.shards;
  const config::Config& config = source.config;
  using C = cross::Counters;
  constexpr auto kGauge = MetricType::Gauge;
  constexpr auto kCounter = MetricType::Counter;
  Exposition out(shards);
  add_connections(out, shards, config);
  out.by_shard(kGauge, "dunlin_handshaking", "Connections whose handshake is under way.",
               &C::handshaking);
  out.by_shard(kGauge, "dunlin_users", "Distinct uids connected.", &C::users);
  out.by_shard(kGauge, "dunlin_channels", "Channels with subscribers on the shard.", &C::channels);
  out.by_shard(kGauge, "dunlin_subscriptions", "Subscriptions on the shard.", &C::subscriptions);
  out.by_shard(kGauge, "dunlin_queue_bytes", "Bytes that wait in outbound queues.",
               &C::queue_bytes);
  out.by_shard(kGauge, "dunlin_queue_messages", "Messages that wait in outbound queues.",
               &C::queue_messages);
  out.by_shard(kGauge, "dunlin_history_bytes", "Bytes of channel history kept.", &C::history_bytes);
  out.by_shard(kGauge, "dunlin_deflate_context_bytes",
               "Held for compressing, by connections with server context takeover.",
               &C::deflate_context_bytes);
  out.by_shard(kGauge, "dunlin_inflate_window_bytes",
               "Held for inflating, by connections with client context takeover.",
               &C::inflate_window_bytes);
  out.by_shard(kGauge, "dunlin_parser_bytes",
               "Kept for parsing and inflating what comes next; given back when it is not needed.",
               &C::parser_bytes);
  out.by_shard(kGauge, "dunlin_pending_messages",
               "Messages that wait for a subscription to be confirmed.", &C::pending_messages);
  out.by_shard(kGauge, "dunlin_input_bytes",
               "Bytes of input that are not used up, and of TLS records that are not sent.",
               &C::input_bytes);
  out.by_shard(kGauge, "dunlin_api_bytes", "Bytes of API requests and answers under way.",
               &C::api_bytes);
  out.by_shard(kGauge, "dunlin_idempotency_bytes", "Answers kept for pushes that come again.",
               &C::idempotency_bytes);
  out.by_shard(kGauge, "dunlin_largest_holder_bytes",
               "What the largest connection holds, where more than half of memory_max is held.",
               &C::largest_holder);
  add_memory(out, shards);
  out.by_shard(kGauge, "dunlin_fanouts_waiting", "Fan-outs waiting or under way.",
               &C::fanouts_waiting);
  out.by_shard(kGauge, "dunlin_api_connections", "Open connections of the internal API.",
               &C::api_connections);
  out.by_shard(kGauge, "dunlin_api_open_requests", "Requests of the internal API under way.",
               &C::api_open_requests);
  add_rings(out, shards);
  add_keys(out, source);
  add_reloads(out, shards.reloads);

  out.by_shard(kCounter, "dunlin_accepted_total", "TCP connections accepted.", &C::accepted);
  out.by_shard(kCounter, "dunlin_accept_errors_total",
               "Failed accepts, mostly for want of descriptors.", &C::accept_errors);
  out.by_cause("dunlin_handshakes_total", "Handshakes by result.", "result", &C::handshakes);
  out.by_cause("dunlin_tls_handshakes_total", "TLS handshakes of both ports by result.", "result",
               &C::tls_handshakes);
  out.by_cause("dunlin_closes_total", "Ended connections by cause.", "cause", &C::closes);
  out.by_cause("dunlin_drops_total", "Messages dropped for a connection they matched, by cause.",
               "cause", &C::drops);
  out.by_cause("dunlin_tokens_refused_total", "Tokens refused, by cause.", "cause",
               &C::token_refusals);
  out.by_shard(kCounter, "dunlin_tokens_accepted_total", "Connections that entered with a token.",
               &C::tokens_accepted);
  out.by_shard(kCounter, "dunlin_tokens_refreshed_total",
               "Fresh tokens taken from open connections.", &C::tokens_refreshed);
  out.by_shard(kCounter, "dunlin_moved_in_total", "Connections that moved to their home shard.",
               &C::moved_in);
  out.by_cause("dunlin_deflates_total", "Attempts to compress a message, by what came of them.",
               "result", &C::deflates);
  out.by_shard(kCounter, "dunlin_deflate_bytes_before_total",
               "Of messages that came out smaller: payload before compression.",
               &C::deflate_bytes_before);
  out.by_shard(kCounter, "dunlin_deflate_bytes_after_total",
               "Of the same messages: frames after compression.", &C::deflate_bytes_after);
  out.by_shard(kCounter, "dunlin_inflated_total", "Compressed messages received.", &C::inflated);
  out.by_shard(kCounter, "dunlin_inflate_bytes_before_total",
               "Of compressed messages: bytes received.", &C::inflate_bytes_before);
  out.by_shard(kCounter, "dunlin_inflate_bytes_after_total",
               "Of compressed messages: bytes they inflated to.", &C::inflate_bytes_after);
  out.by_cause("dunlin_inflate_failures_total",
               "Connections failed for a compressed message, by cause.", "cause",
               &C::inflate_failures);
  out.by_shard(kCounter, "dunlin_rate_pauses_total",
               "Times a client was not read for a while because of its rate.", &C::rate_pauses);
  out.by_shard(kCounter, "dunlin_history_trimmed_bytes_total",
               "History given up for want of memory.", &C::history_trimmed);
  out.by_shard(kCounter, "dunlin_messages_in_total", "Messages received from clients.",
               &C::messages_in);
  out.by_shard(kCounter, "dunlin_bytes_in_total", "Bytes received from clients.", &C::bytes_in);
  out.by_shard(kCounter, "dunlin_bytes_out_total", "Bytes sent to clients.", &C::bytes_out);
  out.by_shard(kCounter, "dunlin_pushes_total", "Pushes accepted.", &C::pushes);
  out.by_shard(kCounter, "dunlin_pushes_refused_total",
               "Pushes refused because something was full.", &C::pushes_refused);
  add_receipts(out, shards);
  out.by_shard(kCounter, "dunlin_missed_notices_total", "Clients told that they missed messages.",
               &C::missed_notices);
  out.by_shard(kCounter, "dunlin_ring_full_total", "Times another shard's inbox was found full.",
               &C::inbox_full);
  out.by_shard(kCounter, "dunlin_wakeups_total", "Times a sleeping shard was woken by another.",
               &C::wakeups);
  out.by_shard(kCounter, "dunlin_api_requests_total", "Requests of the internal API.",
               &C::api_requests);
  out.by_shard(kCounter, "dunlin_api_errors_total", "Of those, answered with a status above 399.",
               &C::api_errors);
  out.by_shard(kCounter, "dunlin_canaries_sent_total", "Canary pushes sent.", &C::canaries_sent);
  out.by_shard(kCounter, "dunlin_canaries_arrived_total", "Canary pushes that arrived.",
               &C::canaries_arrived);
  add_latency(out, shards);
  Exposition::sample(
      out.family(kGauge, "dunlin_io_uring", "1 when fan-outs are sent as io_uring batches."), {},
      source.io_uring ? 1 : 0);
  Exposition::sample(out.family(kGauge, "dunlin_draining", "1 while the gateway shuts down."), {},
                     shards.draining.load(std::memory_order_relaxed) ? 1 : 0);
  return out.text();
}

}  // namespace observe
