// The jobs that are not pushes: questions, subscriptions to be confirmed, connections that move,
// and orders from main().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "gateway/api/dispatcher.h"
#include "gateway/cross/job.h"
#include "gateway/edge/moving.h"
#include "gateway/hub/channel_home.h"
#include "gateway/shard/snapshot.h"

namespace shard {

// A question of the API that several shards answer; lives at its origin.
struct AskGather {
  std::uint32_t open = 0;
  api::ReplyTo reply_to;
  api::Answer answer;
};

struct AskJob final : cross::Job {
  AskJob() : Job(Kind::kAsk) {}
  api::Query query;
  api::Answer answer;
  AskGather* gather = nullptr;
  std::uint32_t open = 0;  // Confirmations a SubscribeQuery still waits for.
};

// To a channel's home: this shard wants its publications from now on. With `end`, one-way: no more.
struct InterestJob final : cross::Job {
  InterestJob() : Job(Kind::kInterest) {}
  std::string channel;
  bool end = false;
  bool refused = false;  // No room for one more channel.
  std::optional<hub::Position> recover_from;
  hub::Recovery recovery;
  // At the origin: who waits for the confirmation.
  cross::ConnectionId member;
  std::uint32_t serial = 0;   // Of its subscription.
  std::uint64_t request = 0;  // A dunlin.v1 client's, or …
  AskJob* ask = nullptr;      // … the API's.
};

struct MoveJob final : cross::Job {
  explicit MoveJob(std::unique_ptr<edge::Moving> moving)
      : Job(Kind::kMove), connection(std::move(moving)) {}
  ~MoveJob() override;  // Closes the descriptor if nobody took it.
  std::unique_ptr<edge::Moving> connection;
};

struct ConfigureJob final : cross::Job {
  explicit ConfigureJob(Snapshot published)
      : Job(Kind::kConfigure), snapshot(std::move(published)) {}
  Snapshot snapshot;
};

struct DrainJob final : cross::Job {
  explicit DrainJob(bool at_once) : Job(Kind::kDrain), now(at_once) {}
  const bool now;
};

struct StopJob final : cross::Job {
  StopJob() : Job(Kind::kStop) {}
};

}  // namespace shard
