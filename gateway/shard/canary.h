// Proof that pushes arrive: each shard keeps a connection of its own (one end of a socket pair is
// an ordinary member of its hub), and every shard pushes to every other's through the rings, the
// hub and the kernel. Readiness asks how long ago the latest one arrived, for each pair of shards.
//
// Owner: Shard.   Thread: the shard's.   Bound: one message for each pair and interval.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/cross/shard_set.h"
#include "gateway/edge/edge.h"
#include "gateway/loop/event_loop.h"
#include "gateway/shard/router.h"

namespace shard {

class Canary {
 public:
  Canary(cross::ShardIndex self, cross::ShardSet& shards, loop::EventLoop& loop, edge::Edge& edge,
         Router& router);
  ~Canary();
  Canary(const Canary&) = delete;
  Canary& operator=(const Canary&) = delete;

  // Sends a round when it is due; interval 0: never.
  void run(std::uint64_t now_ms, std::uint32_t interval_ms);
  [[nodiscard]] std::uint64_t next_due_ms() const { return next_due_ms_; }  // 0: never.

 private:
  void receive();

  const cross::ShardIndex self_;
  cross::ShardSet& shards_;
  loop::EventLoop& loop_;
  Router& router_;
  int receiver_ = -1;
  std::unique_ptr<loop::Readable> readable_;
  std::string received_;  // An incomplete frame.
  std::uint64_t next_due_ms_ = 0;
};

}  // namespace shard
