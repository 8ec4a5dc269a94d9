// What the HTTP API needs of the gateway: push, ask, and look. Implemented by shard/router.h;
// a fake of it drives the API's tests.
//
// Thread: one shard's. Answers come back on the same thread, through ReplySink, never from within
// the call that asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/cross/ids.h"
#include "proto/push/push_request.h"

namespace api {

// Where an answer belongs: a request of an API connection. The connection may be gone by then.
struct ReplyTo {
  std::uint32_t connection = 0;
  std::uint32_t generation = 0;
  std::uint64_t request = 0;
};

enum class Admission : std::uint8_t {
  kAccepted,
  kRingFull,    // A shard's inbox or fan-out queue is full: 503, Retry-After.
  kDraining,    // 503.
  kMemoryFull,  // The gateway holds its maximum of memory: 503, Retry-After.
};

struct PushResult {
  cross::MessageId id;
  bool complete = true;  // False: some shard refused its part, or the wait timed out.
  bool refused = false;  // Nothing was delivered because a shard could not take it: 503.
  push::Receipt receipt;
  std::vector<std::string> offline;  // Asked for by uid, and nobody there.
};

// --- Questions. Each names its answer. ---

struct ConnectionInfo {
  std::string id;
  std::string uid;  // Empty: none.
  std::string profile;
  std::string subprotocol;
  std::string peer;  // Address and port.
  std::uint64_t age_ms = 0;
  std::uint32_t queued_messages = 0;
  std::uint64_t queued_bytes = 0;
  std::uint32_t missed = 0;  // Messages dropped for this connection.
  std::vector<std::string> channels;
};

struct UserQuery {  // -> UserAnswer
  std::string uid;
};
struct UserAnswer {
  std::string uid;
  std::vector<ConnectionInfo> connections;
};

struct OnlineQuery {  // -> OnlineAnswer
  std::vector<std::string> uids;
};
struct OnlineAnswer {
  std::vector<std::pair<std::string, std::uint32_t>> online;  // uid, connections
  std::vector<std::string> offline;
};

struct ConnectionQuery {  // -> ConnectionAnswer
  cross::ConnectionId id;
};
struct ConnectionAnswer {
  std::optional<ConnectionInfo> connection;
};

// Closes every connection of a uid, or one connection.
struct KickQuery {  // -> KickAnswer
  std::string uid;  // Empty: by `connection`.
  cross::ConnectionId connection;
  std::uint16_t code = 4000;
  std::string reason;
};
struct KickAnswer {
  std::uint32_t closed = 0;
};

struct ChannelQuery {  // -> ChannelAnswer
  std::string channel;
};
struct ChannelAnswer {
  std::string channel;
  std::uint32_t subscribers = 0;
  std::string epoch;  // Empty: nothing was ever published here, as far as is known.
  std::uint64_t offset = 0;
  std::uint32_t history = 0;  // Messages kept.
};

struct PresenceQuery {  // -> PresenceAnswer
  std::string channel;
};
struct PresenceAnswer {
  std::string channel;
  std::vector<std::pair<std::string, std::uint32_t>> users;  // uid, connections
  std::uint32_t anonymous = 0;                               // Connections without a uid.
};

struct HistoryQuery {  // -> HistoryAnswer
  std::string channel;
  std::uint64_t since = 0;  // Offsets above this one.
  std::uint32_t limit = 100;
};
struct HistoryEntry {
  std::uint64_t offset = 0;
  std::string id;
  push::PayloadKind kind = push::PayloadKind::kText;
  std::string payload;
};
struct HistoryAnswer {
  std::string channel;
  std::string epoch;
  std::uint64_t offset = 0;
  std::vector<HistoryEntry> entries;
};

// Subscribes every present connection of a uid to a channel, or ends that.
struct SubscribeQuery {  // -> SubscribeAnswer
  std::string uid;
  std::string channel;
  bool subscribe = true;
};
struct SubscribeAnswer {
  std::uint32_t connections = 0;  // Of the uid.
  std::uint32_t changed = 0;      // Those that were not (or were) subscribed before.
  bool refused = false;           // A limit was reached.
};

// An idempotency key lives on its home shard. Claim before acting; store the answer after.
struct ClaimQuery {  // -> ClaimAnswer
  std::string key;
  std::uint64_t fingerprint = 0;  // Of the request; another one under the same key is an error.
};
struct ClaimAnswer {
  enum class State : std::uint8_t { kNew, kPending, kDone, kMismatch } state = State::kNew;
  int status = 0;  // With kDone: the stored answer.
  std::string body;
};
struct StoreQuery {  // -> StoreAnswer
  std::string key;
  int status = 0;  // 0: the claim is given up; nothing was done.
  std::string body;
};
struct StoreAnswer {};

using Query = std::variant<UserQuery, OnlineQuery, ConnectionQuery, KickQuery, ChannelQuery,
                           PresenceQuery, HistoryQuery, SubscribeQuery, ClaimQuery, StoreQuery>;
using Answer =
    std::variant<UserAnswer, OnlineAnswer, ConnectionAnswer, KickAnswer, ChannelAnswer,
                 PresenceAnswer, HistoryAnswer, SubscribeAnswer, ClaimAnswer, StoreAnswer>;

struct Readiness {
  bool ready = false;
  std::string body;  // JSON: what was looked at, and what is missing.
};

class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  [[nodiscard]] virtual Admission push(const push::PushRequest& request, ReplyTo reply_to) = 0;
  [[nodiscard]] virtual Admission ask(Query query, ReplyTo reply_to) = 0;

  // Whether nothing more is taken in at the moment: see Admission::kMemoryFull.
  [[nodiscard]] virtual bool memory_full() const = 0;

  // Sums over all shards; any shard may answer.
  virtual std::string metrics_text() = 0;
  virtual std::string stats_json() = 0;
  virtual std::string memory_json() = 0;
  virtual Readiness readiness() = 0;
  virtual void start_drain() = 0;
};

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void on_push_done(ReplyTo reply_to, PushResult&& result) = 0;
  virtual void on_answer(ReplyTo reply_to, Answer&& answer) = 0;
};

}  // namespace api
