// What a shard counts. Each shard writes its own and any thread reads: the exporter sums them when
// it is asked. No locked instruction is used, because a counter has one writer.
//
// Owner: ShardSet, one set for each shard.   Thread: written by the shard's, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/auth/refusal.h"

namespace cross {

// One writer (the shard), any reader.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - count, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Why a message did not reach a connection that it matched.
enum class DropCause : std::uint8_t {
  kQueueFull,     // The newest gave way.
  kOldest,        // It was the oldest and gave way to a newer one.
  kExpired,       // Its time to live was over before it could be written.
  kSlow,          // The connection was closed because its queue was full.
  kEnded,         // The connection ended with the message still waiting.
  kRingFull,      // A client's broadcast that no shard could take.
  kMemory,        // The gateway held too much, and the connection was among those that held most.
  kUnsubscribed,  // It waited for a subscription to be confirmed, which ended before that.
  kCount,
};

// Why a connection ended.
enum class CloseCause : std::uint8_t {
  kClient,     // The client's closing handshake.
  kLost,       // Reset, or closed without a closing handshake.
  kViolation,  // A rule of RFC 6455 or of dunlin.v1 was broken.
  kSlow,       // The outbound queue was full.
  kKicked,     // By the API.
  kReplaced,   // By a newer connection of the same uid.
  kRefused,    // One connection too many of the same uid.
  kLoginTimeout,
  kLoginFailed,
  kPongTimeout,
  kIdle,
  kDrain,
  kRate,    // The client sent more than its profile allows.
  kMemory,  // The gateway held too much, and this one was among those that held most.
  kTokenExpired,
  kCount,
};

// What a handshake came to.
enum class HandshakeResult : std::uint8_t {
  kAccepted,
  kRejected,  // An HTTP error was answered.
  kPage,      // Not a WebSocket: a page was served.
  kTimeout,
  kLost,     // The peer went away.
  kRefused,  // Too many connections, or draining.
  kRate,     // Too many at a time: limits.accept_rate.
  kAddress,  // Too many from one address.
  kGaveWay,  // The oldest one under way when there were too many.
  kMemory,   // The gateway holds its maximum of memory.
  kProxy,    // No PROXY header, a bad one, or one from an address that is not trusted.
  kCount,
};

// What setting up TLS came to.
enum class TlsResult : std::uint8_t {
  kFull,
  kResumed,  // With a ticket of an earlier connection.
  kFailed,
  kCount,
};

// What came of an attempt to compress a message (RFC 7692).
enum class DeflateResult : std::uint8_t {
  kSmaller,
  kNotSmaller,  // It went plain.
  kNoTime,      // It went plain, because the turn's share of compressing was used up.
  kCount,
};

// Why a compressed message of a client was refused.
enum class InflateFailure : std::uint8_t {
  kTooBig,   // It inflates to more than a message may have.
  kCorrupt,  // It does not inflate.
  kBlocks,   // It has far more blocks than text.
  kCount,
};

std::string_view name_of(DropCause cause);
std::string_view name_of(CloseCause cause);
std::string_view name_of(HandshakeResult result);
std::string_view name_of(TlsResult result);
std::string_view name_of(DeflateResult result);
std::string_view name_of(InflateFailure failure);

template <typename Enum>
class CounterOf {
 public:
  Counter& operator[](Enum which) { return counters_[static_cast<std::size_t>(which)]; }
  const Counter& operator[](Enum which) const { return counters_[static_cast<std::size_t>(which)]; }

 private:
  std::array<Counter, static_cast<std::size_t>(Enum::kCount)> counters_;
};

// Time from a push's acceptance to its frame's last byte in the kernel's hands.
class LatencyHistogram {
 public:
  static constexpr std::array<double, 16> kBoundsSeconds = {
      0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
      0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};

  void record(std::uint64_t latency_ns, std::uint64_t count = 1);
  [[nodiscard]] std::uint64_t bucket(std::size_t index) const { return buckets_[index].value(); }
  [[nodiscard]] std::uint64_t sum_ns() const { return sum_ns_.value(); }

 private:
  std::array<Counter, kBoundsSeconds.size() + 1> buckets_;  // The last one: above every bound.
  Counter sum_ns_;
};

inline constexpr std::size_t kProfilesMax = 256;

struct Counters {
  // Gauges.
  std::array<Counter, kProfilesMax> connections;  // Open, by profile.
  Counter handshaking;
  Counter api_connections;
  Counter queue_bytes;
  Counter queue_messages;
  Counter channels;
  Counter subscriptions;
  Counter history_bytes;
  Counter fanouts_waiting;
  Counter users;
  Counter api_open_requests;
  // What the shard holds. Messages are counted where they are made and where they end, which may be
  // two shards: the sum of all is right, one alone may be below 0.
  Counter message_bytes;
  Counter input_bytes;  // Received, not understood or not taken yet; and TLS records not sent.
  Counter api_bytes;    // Requests being read, answers being written.
  Counter idempotency_bytes;
  Counter deflate_context_bytes;  // Of connections with server context takeover.
  Counter inflate_window_bytes;   // Of connections with client context takeover.
  Counter parser_bytes;           // Kept for the next JSON text or compressed message of anybody.
  Counter pending_messages;       // They wait for a subscription to be confirmed.
  Counter largest_holder;  // What its largest connection holds; kept only where memory is short.

  // Totals.
  Counter accepted;
  Counter accept_errors;  // Out of descriptors, mostly.
  CounterOf<HandshakeResult> handshakes;
  CounterOf<CloseCause> closes;
  CounterOf<DropCause> drops;
  CounterOf<TlsResult> tls_handshakes;
  CounterOf<auth::Refusal> token_refusals;
  Counter tokens_accepted;
  Counter tokens_refreshed;
  Counter moved_in;
  CounterOf<DeflateResult> deflates;
  Counter deflate_bytes_before;  // Of what came out smaller.
  Counter deflate_bytes_after;
  Counter inflated;  // Compressed messages received.
  Counter inflate_bytes_before;
  Counter inflate_bytes_after;
  CounterOf<InflateFailure> inflate_failures;
  Counter messages_in;
  Counter bytes_in;
  Counter bytes_out;
  Counter pushes;          // Accepted by this shard's API, or broadcast by a client.
  Counter pushes_refused;  // Ring or fan-out queue full, or draining.
  Counter matched;
  Counter written;
  Counter queued;
  Counter conflated;
  Counter offline;
  Counter acked;
  Counter missed_notices;
  Counter rate_pauses;      // Times a client was not read because of its rate.
  Counter history_trimmed;  // Bytes of history given up for want of memory.
  Counter inbox_full;
  Counter wakeups;
  Counter api_requests;
  Counter api_errors;
  Counter canaries_sent;
  Counter canaries_arrived;
  LatencyHistogram push_latency;
};

}  // namespace cross
