// Pushes with an idempotency key, from the claim of the key to the store of the answer. They belong
// to no connection: when the one that asked is gone, the push is still done once and its answer
// stored, which is what the key is for.
//
//   begin ──ClaimQuery──> kNew ──push──> done ──StoreQuery──> forgotten
//                          └ kPending, kDone, kMismatch: told at once, nothing is done
//
// Owner: ApiServer.   Thread: its shard's.   Bound: one for each waiting request of a connection,
// and those whose connection is gone, until their answer comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "gateway/api/api_error.h"
#include "gateway/api/dispatcher.h"
#include "gateway/api/push_answer.h"
#include "gateway/api/saved_push.h"

namespace api {

// The final answer of a claimed push, for the request that asked.
struct ClaimedAnswer {
  int status = 200;
  std::string body;
  bool replayed = false;  // It is what an earlier request got.
};

// Who asked, if still there.
class ClaimListener {
 public:
  virtual ~ClaimListener() = default;
  // The key is free and its push accepted, or the answer is already known: requests that came after
  // it may go on. False: nobody is there any more.
  virtual bool on_claim_decided(ReplyTo client) = 0;
  virtual void on_claimed_answer(ReplyTo client, ClaimedAnswer answer) = 0;
};

class Claims {
 public:
  Claims(Dispatcher& dispatcher, ClaimListener& listener)
      : dispatcher_(dispatcher), listener_(listener) {}
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  // `in_stream`: the answer is a line, in which an offline user is no error.
  [[nodiscard]] Admission begin(const push::PushRequest& request, std::uint64_t fingerprint,
                                ReplyTo client, bool in_stream);

  // Answers to questions and pushes from here.
  [[nodiscard]] static bool is_own(ReplyTo reply_to) { return reply_to.connection == kOwn; }
  void on_answer(ReplyTo reply_to, Answer&& answer);
  void on_push_done(ReplyTo reply_to, const PushResult& result);

  // Stores that found no room are tried again. True: some still wait.
  bool retry_stores();
  [[nodiscard]] std::size_t size() const { return claims_.size() + unsent_.size(); }

 private:
  static constexpr std::uint32_t kOwn = 0xFFFFFFFF;  // No connection has this slot.

  struct Claim {
    SavedPush push;
    PushAnswerStyle style;
    ReplyTo client;
    bool in_stream = false;
  };

  void on_claimed(std::uint64_t id, ClaimAnswer&& answer);
  void finish(std::uint64_t id, ClaimedAnswer answer);
  void store(std::string key, int status, std::string body);
  [[nodiscard]] bool try_store(const StoreQuery& query);

  Dispatcher& dispatcher_;
  ClaimListener& listener_;
  std::unordered_map<std::uint64_t, Claim> claims_;
  std::uint64_t next_id_ = 1;
  std::deque<StoreQuery> unsent_;
};

}  // namespace api
