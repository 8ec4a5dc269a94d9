// Who gets in: rates, limits, and what becomes of those who do not. A storm of connections costs a
// short answer each, and beyond kUncountedMax of those that wait for one, a close.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/edge/edge.h"
#include "gateway/observe/log.h"
#include "proto/ws/handshake.h"

namespace edge {
namespace {

constexpr std::uint64_t kWarnIntervalMs = 10'000;
// Ended entries of the list of handshakes that are kept before it is cleaned.
constexpr std::size_t kHandshakesStaleMax = 1'024;

cross::HandshakeResult result_of(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::kRate:
      return cross::HandshakeResult::kRate;
    case Obstacle::kAddress:
      return cross::HandshakeResult::kAddress;
    case Obstacle::kMemory:
      return cross::HandshakeResult::kMemory;
    case Obstacle::kNone:
    case Obstacle::kConnections:
    case Obstacle::kDraining:
      break;
  }
  return cross::HandshakeResult::kRefused;
}

struct Answer {
  int status;
  std::string_view code;
  std::string_view message;
};

Answer answer_to(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::kDraining:
      return {503, "draining", "this gateway is shutting down"};
    case Obstacle::kRate:
      return {503, "too_many_at_once", "too many clients connect at this moment"};
    case Obstacle::kAddress:
      return {429, "too_many_from_address", "this address has its maximum of connections"};
    case Obstacle::kMemory:
      return {503, "memory_full", "this gateway holds its maximum of memory"};
    case Obstacle::kNone:
    case Obstacle::kConnections:
      break;
  }
  return {503, "too_many_connections", "this gateway holds its maximum of connections"};
}

// What an address counts as: an IPv4 address, or an IPv6 network.
proxy::IpAddress counted_as(const net::Address& peer, const config::Limits& limits) {
  const proxy::IpAddress ip = net::ip_of(peer);
  return ip.is_v4() ? ip : ip.prefix(static_cast<std::uint8_t>(limits.address_prefix_v6));
}

}  // namespace

void Edge::accept(int fd, const net::Address& peer) {
  counters_.accepted.add();
  const bool trusted = is_trusted(peer);
  const bool awaits_proxy = config_->public_.proxy_protocol == config::ProxyProtocol::kRequired;
  if (awaits_proxy && !trusted) {
    warn_of("a connection that must come from a trusted proxy did not", peer);
    counters_.handshakes[cross::HandshakeResult::kProxy].add();
    ::close(fd);
    return;
  }
  const Obstacle obstacle = check_arrival();
  if (obstacle != Obstacle::kNone && uncounted_ >= uncounted_max()) {
    refuse(fd, obstacle);
    return;
  }
  const Slot slot = open_slot(fd, peer);
  Connection& c = connections_[slot];
  c.obstacle = obstacle;
  c.counted = obstacle == Obstacle::kNone;
  if (!c.counted) ++uncounted_;
  c.awaits_proxy = awaits_proxy;
  c.trusted_peer = trusted;
  c.phase = Phase::kHandshake;
  c.phase_deadline_ms = now_ms_ + (obstacle == Obstacle::kDraining ? kLastHandshakeMs
                                                                   : config_->handshake.timeout_ms);
  counters_.handshaking.add();
  if (c.counted && !trusted && !take_address(slot) && !give_up_place(slot)) return;
  if (c.counted) {
    c.head = std::make_unique<http::RequestParser>(
        http::Limits{.head_size_max = config_->handshake.head_size_max,
                     .header_count_max = config_->handshake.header_count_max,
                     .body_size_max = 0});
    queue_handshake(slot);
  }
  if (tls_ != nullptr && !start_tls(slot)) return;
  if (awaits_proxy) proxy_headers_.try_emplace(slot);
  if (watch(slot)) wheel_.set(slot, c.phase_deadline_ms);
}

// Under TLS a refusal that the client can read would cost us the handshake.
std::uint32_t Edge::uncounted_max() const { return tls_ == nullptr ? kUncountedMax : 0; }

// Its address has too many: it holds no place while it waits to be told; nor does it wait where too
// many do. False: it is gone.
bool Edge::give_up_place(Slot slot) {
  connections_[slot].counted = false;
  services_.give_back_connection();
  ++uncounted_;
  if (uncounted_ <= uncounted_max()) return true;
  counters_.handshakes[cross::HandshakeResult::kAddress].add();
  end(slot, cross::CloseCause::kRefused);
  return false;
}

// What holds for every connection, wherever it comes from. kNone: it is one of connections_max now.
Obstacle Edge::check_arrival() {
  // Not when this shard's own order has come: others say already that we are not ready.
  if (services_.draining()) return Obstacle::kDraining;
  // A shard's share: the kernel spreads connections evenly.
  const std::uint64_t shards = services_.shard_count();
  const auto share = [&](std::uint64_t of_all) { return (of_all + shards - 1) / shards; };
  const Rate rate{.per_second = share(config_->limits.accept_rate),
                  .burst = share(config_->limits.accept_burst)};
  if (!arrivals_.has_token(now_ms_, rate)) return Obstacle::kRate;
  if (services_.memory_full()) return Obstacle::kMemory;
  if (!services_.take_connection()) return Obstacle::kConnections;
  arrivals_.take(now_ms_, 1, rate);
  return Obstacle::kNone;
}

// There is no room even for an answer.
void Edge::refuse(int fd, Obstacle obstacle) {
  ::close(fd);
  counters_.handshakes[result_of(obstacle)].add();
}

// When there are too many under way, the oldest one gives way: it had the most time.
void Edge::queue_handshake(Slot slot) {
  const auto under_way = [&](const Ref& ref) {
    return !is_gone(ref) && connections_[ref.slot].phase == Phase::kHandshake;
  };
  while (counters_.handshaking.value() > config_->limits.handshakes_max && !handshakes_.empty()) {
    const Ref oldest = handshakes_.front();
    handshakes_.pop_front();
    if (!under_way(oldest)) continue;
    counters_.handshakes[cross::HandshakeResult::kGaveWay].add();
    end(oldest.slot, cross::CloseCause::kRefused);
  }
  if (handshakes_.size() > 2 * counters_.handshaking.value() + kHandshakesStaleMax) {
    std::erase_if(handshakes_, [&](const Ref& ref) { return !under_way(ref); });
  }
  handshakes_.push_back(ref_to(slot));
}

// The cheapest answer there is: what was asked is not looked at.
Edge::Flow Edge::answer_refusal(Slot slot) {
  const Obstacle obstacle = connections_[slot].obstacle;
  const Answer answer = answer_to(obstacle);
  return answer_and_linger(
      slot, ws::rejection_response(answer.status, answer.code, answer.message, retry_after()),
      result_of(obstacle));
}

// RFC 9110 10.2.3 knows whole seconds only. Spread, so that those who were refused together do not
// come back together.
std::string Edge::retry_after() {
  const std::uint32_t seconds_max = std::max(config_->limits.retry_after_ms / 1'000, 1U);
  return fmt::format("Retry-After: {}\r\n",
                     1 + static_cast<std::uint32_t>(random_()) % seconds_max);
}

bool Edge::counts_by_address(const net::Address& peer) const {
  return net::has_ip(peer) && !proxy::contains(exempt_, net::ip_of(peer));
}

// False: its address has too many already, and `obstacle` says so.
bool Edge::take_address(Slot slot) {
  Connection& c = connections_[slot];
  if (!counts_by_address(c.peer)) return true;
  const config::Limits& limits = config_->limits;
  constexpr std::uint32_t kAny = ~std::uint32_t{0};
  const auto or_any = [](std::uint32_t limit) { return limit == 0 ? kAny : limit; };
  const proxy::IpAddress ip = counted_as(c.peer, limits);
  auto& by_address = services_.by_address();
  if (by_address.unproven.take(ip, or_any(limits.handshakes_per_address_max))) {
    if (by_address.connections.take(ip, or_any(limits.connections_per_address_max))) {
      c.by_address = true;
      c.unproven = true;
      return true;
    }
    by_address.unproven.give_back(ip);
  }
  warn_of(
      "an address has its maximum of connections; if it is a proxy of yours, name it in "
      "public.trusted_proxies",
      c.peer);
  c.obstacle = Obstacle::kAddress;
  return false;
}

void Edge::give_back_address(Slot slot) {
  prove(slot);
  Connection& c = connections_[slot];
  if (!c.by_address) return;
  c.by_address = false;
  services_.by_address().connections.give_back(counted_as(c.peer, config_->limits));
}

// The handshake, and the login if there is one, are done.
void Edge::prove(Slot slot) {
  Connection& c = connections_[slot];
  if (!c.unproven) return;
  c.unproven = false;
  services_.by_address().unproven.give_back(counted_as(c.peer, config_->limits));
}

// A storm is one line, not thousands.
void Edge::warn_of(std::string_view what, const net::Address& peer) {
  if (now_ms_ < warn_again_ms_) return;
  warn_again_ms_ = now_ms_ + kWarnIntervalMs;
  observe::warn(what, {{"peer", net::to_string(peer)}, {"shard", shard_}});
}

}  // namespace edge
