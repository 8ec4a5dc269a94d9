// What any shard can tell about all of them: metrics, statistics, memory, readiness.

#include <malloc.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>

#include "gateway/auth/key_set.h"
#include "gateway/observe/metrics.h"
#include "gateway/shard/held_bytes.h"
#include "gateway/shard/router.h"

namespace shard {
namespace {

class Json {
 public:
  void open() { writer_.StartObject(); }
  void close() { writer_.EndObject(); }
  void key(std::string_view name) {
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }
  void field(std::string_view name, std::uint64_t value) {
    key(name);
    writer_.Uint64(value);
  }
  void field(std::string_view name, bool value) {
    key(name);
    writer_.Bool(value);
  }
  void open(std::string_view name) {
    key(name);
    open();
  }
  [[nodiscard]] std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

template <typename Enum>
void causes(Json& json, std::string_view name, cross::ShardSet& shards,
            cross::CounterOf<Enum> cross::Counters::* counters) {
  json.open(name);
  for (std::size_t c = 0; c < static_cast<std::size_t>(Enum::kCount); ++c) {
    const auto cause = static_cast<Enum>(c);
    json.field(name_of(cause), shards.sum(counters, cause));
  }
  json.close();
}

}  // namespace

std::string Router::metrics_text() {
  return observe::metrics_text(
      {.shards = shards_,
       .config = *config_,
       .certificates = certificate_ends_.get(),
       .token_keys = config_->token_keys ? config_->token_keys->keys().size() : 0,
       .io_uring = edge_.send_mode() == net::SendBatch::Mode::kIoUring});
}

std::string Router::stats_json() {
  Json json;
  json.open();
  json.field("shards", std::uint64_t{shards_.size()});
  json.field("draining", shards_.draining.load(std::memory_order_relaxed));
  json.open("connections");
  std::uint64_t total = 0;
  for (std::size_t p = 0; p < config_->profiles.size(); ++p) {
    std::uint64_t of_profile = 0;
    for (cross::ShardIndex i = 0; i < shards_.size(); ++i) {
      of_profile += shards_.counters(i).connections[p].value();
    }
    json.field(config_->profiles[p].name, of_profile);
    total += of_profile;
  }
  json.close();
  json.field("connections_total", total);
  json.field("handshaking", shards_.sum(&cross::Counters::handshaking));
  json.field("users", shards_.sum(&cross::Counters::users));
  json.field("channels", shards_.sum(&cross::Counters::channels));
  json.field("subscriptions", shards_.sum(&cross::Counters::subscriptions));
  json.open("pushes");
  json.field("accepted", shards_.sum(&cross::Counters::pushes));
  json.field("refused", shards_.sum(&cross::Counters::pushes_refused));
  json.field("matched", shards_.sum(&cross::Counters::matched));
  json.field("written", shards_.sum(&cross::Counters::written));
  json.field("queued", shards_.sum(&cross::Counters::queued));
  json.field("conflated", shards_.sum(&cross::Counters::conflated));
  json.field("offline", shards_.sum(&cross::Counters::offline));
  json.field("acked", shards_.sum(&cross::Counters::acked));
  json.close();
  causes(json, "dropped", shards_, &cross::Counters::drops);
  causes(json, "closed", shards_, &cross::Counters::closes);
  causes(json, "handshakes", shards_, &cross::Counters::handshakes);
  json.open("queues");
  json.field("messages", shards_.sum(&cross::Counters::queue_messages));
  json.field("bytes", shards_.sum(&cross::Counters::queue_bytes));
  json.close();
  json.field("messages_in", shards_.sum(&cross::Counters::messages_in));
  json.field("bytes_in", shards_.sum(&cross::Counters::bytes_in));
  json.field("bytes_out", shards_.sum(&cross::Counters::bytes_out));
  json.close();
  return json.text();
}

std::string Router::memory_json() {
  const struct mallinfo2 heap = mallinfo2();
  const std::uint64_t connections = shards_.connections.load(std::memory_order_relaxed);
  Json json;
  json.open();
  json.field("heap_in_use_bytes", std::uint64_t{heap.uordblks + heap.hblkhd});
  json.field("heap_free_bytes", std::uint64_t{heap.fordblks});
  json.field("connections", connections);
  json.field("connection_table_bytes",
             connections * (sizeof(edge::Connection) + sizeof(hub::Member)));
  json.field("address_table_bytes", std::uint64_t{shards_.by_address.connections.bytes() +
                                                  shards_.by_address.unproven.bytes()});
  // What limits.memory_max is about. Queues and histories hold messages, many of them the same.
  json.open("held");
  json.field("message_bytes", shards_.sum(&cross::Counters::message_bytes));
  std::uint64_t queue_entries = 0;
  for (cross::ShardIndex i = 0; i < shards_.size(); ++i) {
    queue_entries += queue_entry_bytes(shards_.counters(i));
  }
  json.field("queue_entry_bytes", queue_entries);
  json.field("input_bytes", shards_.sum(&cross::Counters::input_bytes));
  json.field("api_bytes", shards_.sum(&cross::Counters::api_bytes));
  json.field("idempotency_bytes", shards_.sum(&cross::Counters::idempotency_bytes));
  json.field("deflate_context_bytes", shards_.sum(&cross::Counters::deflate_context_bytes));
  json.field("inflate_window_bytes", shards_.sum(&cross::Counters::inflate_window_bytes));
  json.field("parser_bytes", shards_.sum(&cross::Counters::parser_bytes));
  json.field("total_bytes", static_cast<std::uint64_t>(held_bytes(shards_)));
  json.close();
  json.field("queue_bytes", shards_.sum(&cross::Counters::queue_bytes));
  json.field("history_bytes", shards_.sum(&cross::Counters::history_bytes));
  json.field("shedding", shards_.memory.shedding());
  json.field("full", shards_.memory.full());
  json.open("limits");
  json.field("held_bytes", shards_.memory.ceiling());
  json.field("history_bytes", std::uint64_t{config_->hub.history_total_size} * shards_.size());
  std::uint64_t queue_max = 0;
  for (const auto& profile : config_->profiles) {
    queue_max = std::max<std::uint64_t>(queue_max, profile.queue_size_max);
  }
  json.field("queue_bytes_per_connection", queue_max);
  json.field("connections", std::uint64_t{config_->public_.connections_max});
  json.close();
  json.close();
  return json.text();
}

api::Readiness Router::readiness() {
  const bool draining = shards_.draining.load(std::memory_order_relaxed);
  const bool watched = config_->canary.interval_ms != 0;
  Json json;
  bool ready = !draining;
  std::uint64_t oldest_age_ms = 0;
  std::uint64_t missing = 0;
  for (cross::ShardIndex from = 0; watched && from < shards_.size(); ++from) {
    for (cross::ShardIndex to = 0; to < shards_.size(); ++to) {
      const std::uint64_t at = shards_.canary_arrival(from, to).load(std::memory_order_relaxed);
      const std::uint64_t age = now_ms_ > at ? now_ms_ - at : 0;
      oldest_age_ms = std::max(oldest_age_ms, age);
      if (age > config_->canary.timeout_ms) ++missing;
    }
  }
  if (missing > 0) ready = false;
  // A moment at the ceiling is what pushes are refused for; a long one is for another gateway.
  const std::uint64_t full_since_ms = shards_.memory.full_since_ms();
  const std::uint64_t full_ms =
      full_since_ms != 0 && now_ms_ > full_since_ms ? now_ms_ - full_since_ms : 0;
  const bool memory_overdue = full_ms > config_->canary.timeout_ms;
  if (memory_overdue) ready = false;
  json.open();
  json.field("ready", ready);
  json.field("draining", draining);
  json.open("canary");
  json.field("watched", watched);
  json.field("pairs", watched ? std::uint64_t{shards_.size()} * shards_.size() : 0);
  json.field("pairs_overdue", missing);
  json.field("oldest_arrival_ms", oldest_age_ms);
  json.close();
  json.open("memory");
  json.field("full_for_ms", full_ms);
  json.close();
  json.close();
  return {ready, json.text()};
}

void Router::start_drain() {
  shards_.drain_requested.store(true, std::memory_order_release);
  wake_main_();
}

}  // namespace shard
