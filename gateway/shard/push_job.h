// Pushes on their way to the shard where they are carried out, and their receipts on the way back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/api/dispatcher.h"
#include "gateway/cross/job.h"
#include "gateway/cross/message.h"
#include "gateway/hub/watch.h"
#include "proto/push/push_request.h"

namespace shard {

struct PushItem;
struct PushJob;

// A push that several shards carry out: the sum of its parts. Lives on the shard that split it.
struct Gather {
  std::uint32_t open = 0;      // Parts that have not come back.
  PushItem* parent = nullptr;  // A channel's publication, split by its home; else an API request:
  std::optional<api::ReplyTo> reply_to;
  api::PushResult result;
};

// One push for one shard.
struct PushItem {
  enum class Target : std::uint8_t {
    kUids,         // `name`, or `more.uids` if there are several.
    kConnection,   // `connection`.
    kPublish,      // Channel `name`, at its home: gets its offset here, and is split.
    kSubscribers,  // Channel `name`: its subscribers on this shard.
    kAll,          // Members of `profile` on this shard, or every one.
  };
  struct More {  // What most pushes do not have.
    std::vector<std::string> uids;
    std::vector<std::uint64_t> exclude;  // Sorted connection ids.
    std::vector<std::string> offline;
  };

  Target target = Target::kUids;
  push::Wait wait = push::Wait::kQueued;
  push::StorageClass storage = push::StorageClass::kLive;
  bool offline = false;  // `name` has no connection.
  bool refused = false;  // Not carried out: something was full.
  bool timed_out = false;
  std::uint16_t profile = 0;
  cross::ConnectionId connection;
  std::string name;
  std::uint64_t name_hash = 0;  // cross::hash_of(name), of kUids.
  std::unique_ptr<More> more;
  cross::MessageRef message;
  push::Receipt receipt;
  std::uint64_t wait_deadline_ms = 0;

  // At the shard that made the item: where its result goes.
  Gather* gather = nullptr;
  std::optional<api::ReplyTo> reply_to;  // Neither: nobody is told.

  // At the shard that carries it out.
  PushJob* job = nullptr;
  hub::Watch* watch = nullptr;

  // Whether it takes a place among the fan-outs of the shard where it is carried out.
  [[nodiscard]] bool is_fanout() const {
    return target != Target::kUids && target != Target::kConnection;
  }
};

// Items that travel together. They come back together, when the last of them is settled; therefore
// only items that settle at once share a job.
struct PushJob final : cross::Job {
  PushJob() : Job(Kind::kPush) {}
  std::vector<PushItem> items;
  std::uint32_t open = 0;  // Items that are not settled.
  bool settles_at_once = true;
};

}  // namespace shard
