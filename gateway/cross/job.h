// What one shard asks of another. A job is made by its origin, travels through the home's inbox,
// is carried out there, and (unless it is one-way) travels back with what came of it: it is
// allocated and freed on the same shard, and nothing in it is ever touched by two at a time.
#pragma once

#include <cstdint>

#include "gateway/cross/ids.h"

namespace cross {

struct Job {
  enum class Kind : std::uint8_t {
    kPush,       // shard/push_job.h
    kAsk,        // shard/ask_job.h
    kInterest,   // shard/interest_job.h
    kMove,       // One-way: a connection.
    kConfigure,  // One-way: a new configuration snapshot.
    kDrain,      // One-way.
    kStop,       // One-way.
  };

  explicit Job(Kind job_kind) : kind(job_kind) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const Kind kind;
  ShardIndex origin = 0;
  ShardIndex home = 0;  // Where it is carried out.
};

}  // namespace cross
