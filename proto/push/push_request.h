// A push as a backend service asks for it (POST /v1/push and its other forms), and what it answers.
// Plain values; parsing them from JSON is proto/push/push_parser.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace push {

// What an answer waits for.
enum class Wait : std::uint8_t {
  kNone,     // Nothing: 202 as soon as the push is accepted.
  kQueued,   // Every frame is written to the kernel or waits in its connection's queue.
  kWritten,  // No frame of this push waits in a queue any more, or the time is over.
  kAcked,    // Every dunlin.v1 receiver has acknowledged it, or the time is over.
};

// What gives way when a receiver's outbound queue is full.
enum class Policy : std::uint8_t {
  kQueue,       // What the connection's profile says (queue_overflow).
  kConflate,    // An unsent message with the same conflate_key is replaced in place.
  kDropOldest,  // The oldest waiting messages.
  kDropNewest,  // This message.
  kClose,       // The connection.
};

// A live push is delivered and forgotten. A stored one is kept in its channel's history.
enum class StorageClass : std::uint8_t { kLive, kStored };

enum class PayloadKind : std::uint8_t {
  kJson,    // Sent as a text message that holds the JSON value as it was given.
  kText,    // Sent as a text message; valid UTF-8.
  kBinary,  // Sent as a binary message.
};

// Exactly one of the targets is set. Views live as long as the request they were parsed from, or
// until the parser's next call.
struct PushRequest {
  std::vector<std::string_view> uids;
  std::vector<std::string_view> channels;
  std::string_view connection;  // A connection id in its text form.
  bool all = false;
  std::string_view profile;  // With `all`: only connections of this profile; empty: every one.

  PayloadKind kind = PayloadKind::kText;
  std::string_view payload;

  std::optional<std::uint32_t> ttl_ms;  // Unsent after this time: dropped.
  std::string_view conflate_key;
  Policy policy = Policy::kQueue;
  StorageClass storage = StorageClass::kStored;  // Only a channel keeps anything.
  std::vector<std::string_view> exclude;         // Connection ids left out of a fan-out.
  std::string_view idempotency_key;
  Wait wait = Wait::kQueued;
  std::optional<std::uint32_t> timeout_ms;  // For kWritten and kAcked.
};

// What became of a message, in connections:
//   matched = written + queued + conflated + dropped
struct Receipt {
  std::uint32_t matched = 0;
  std::uint32_t written = 0;    // The kernel took every byte of the frame.
  std::uint32_t queued = 0;     // Waits in the connection's outbound queue.
  std::uint32_t conflated = 0;  // Waits there in place of an older one with the same key.
  std::uint32_t dropped = 0;    // By policy, time to live, or the end of the connection.
  std::uint32_t acked = 0;      // Of `matched`: acknowledged by a dunlin.v1 client.

  Receipt& operator+=(const Receipt& other) {
    matched += other.matched;
    written += other.written;
    queued += other.queued;
    conflated += other.conflated;
    dropped += other.dropped;
    acked += other.acked;
    return *this;
  }
  bool operator==(const Receipt&) const = default;
};

}  // namespace push
