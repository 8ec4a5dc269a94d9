// The edge as a whole: what it is made of, its configuration, the end of its turn, and the wire
// under the hub.

#include "gateway/edge/edge.h"

#include <unistd.h>

#include <ctime>
#include <utility>

#include "gateway/config/token_keys.h"

namespace edge {
namespace {

push::Policy policy_of(config::QueueOverflow overflow) {
  switch (overflow) {
    case config::QueueOverflow::kDropOldest:
      return push::Policy::kDropOldest;
    case config::QueueOverflow::kDropNewest:
      return push::Policy::kDropNewest;
    case config::QueueOverflow::kClose:
      break;
  }
  return push::Policy::kClose;
}

hub::QueueRules queue_rules(const config::Profile& profile) {
  hub::QueueRules rules;
  rules.limits = {.size_max = profile.queue_size_max, .messages_max = profile.queue_messages_max};
  rules.overflow = policy_of(profile.queue_overflow);
  rules.deflate_size_min = profile.deflate_size_min;
  return rules;
}

// Texts that do not parse were refused when the configuration was read.
std::vector<proxy::Network> parse_networks(const std::vector<std::string>& texts) {
  std::vector<proxy::Network> networks;
  networks.reserve(texts.size());
  for (const std::string& text : texts) networks.push_back(*proxy::parse_network(text));
  return networks;
}

}  // namespace

Edge::Edge(cross::ShardIndex shard, loop::Poller& poller, std::uint8_t poll_kind, hub::Hub& hub,
           Services& services, cross::Counters& counters, net::SendBatch& batch)
    : shard_(shard),
      poller_(poller),
      poll_kind_(poll_kind),
      hub_(hub),
      services_(services),
      counters_(counters),
      batch_(batch),
      secure_sends_(batch),
      wheel_(0),
      read_buffer_(std::make_unique<std::byte[]>(kReadBufferSize)),
      random_(std::random_device{}()) {}

Edge::~Edge() {
  for (Slot slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot].phase != Phase::kFree) ::close(connections_[slot].fd);
  }
}

void Edge::configure(std::shared_ptr<const config::Config> config,
                     std::shared_ptr<const tls::Context> tls) {
  config_ = std::move(config);
  tls_ = std::move(tls);
  if (tls_ != nullptr && cipher_buffer_ == nullptr) {
    cipher_buffer_ = std::make_unique<std::byte[]>(kCipherBufferSize);
  }
  token_rules_ = config::token_rules(*config_);
  trusted_ = parse_networks(config_->public_.trusted_proxies);
  exempt_ = parse_networks(config_->limits.address_exempt);
  configure_hub();
}

void Edge::configure_hub() {
  std::vector<hub::QueueRules> rules;
  for (const config::Profile& profile : config_->profiles) {
    rules.push_back(queue_rules(profile));
    if (!profile.room.empty()) hub_.channels().make_permanent(profile.room);
    for (const std::string& channel : profile.channels) hub_.channels().make_permanent(channel);
  }
  hub_.delivery().set_rules(std::move(rules));
  const config::Compression& compression = config_->compression;
  hub_.delivery().set_compression(
      {.parameters = {.level = static_cast<int>(compression.level),
                      .window_bits = static_cast<std::uint8_t>(compression.window_bits)},
       .size_max = compression.size_max,
       .slice_size = compression.deflate_slice_size});
}

std::string_view Edge::profile_name(std::uint16_t profile) const {
  return config_->profiles[profile].name;
}

void Edge::end_turn() {
  while (!noted_.empty()) {
    for (const Note& note : std::exchange(noted_, {})) {
      const Slot slot = note.connection.slot;
      if (is_gone(note.connection)) continue;
      if (note.broken) {
        end(slot, cross::CloseCause::kLost);
      } else {
        begin_close(slot, ws::CloseCode{kSlowConsumer}, "slow consumer", cross::CloseCause::kSlow);
      }
    }
  }
  for (const Slot slot : retired_) slots_.give_back(slot);
  retired_.clear();
}

void Edge::send(std::span<net::SendOperation> operations) {
  if (tls_ == nullptr) {
    batch_.send(operations);
  } else {
    streams_.clear();
    for (const net::SendOperation& operation : operations) {
      streams_.push_back(connections_[operation.tag].tls.get());
    }
    secure_sends_.send(operations, streams_);
    for (const net::SendOperation& operation : operations) account_pending(operation.tag);
  }
  for (const net::SendOperation& operation : operations) {
    if (operation.result < 0) {
      noted_.push_back({.connection = ref_to(operation.tag), .broken = true});
    }
  }
}

void Edge::close_slow(hub::MemberIndex member) {
  noted_.push_back({.connection = ref_to(member), .broken = false});
}

std::uint64_t Edge::now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace edge
