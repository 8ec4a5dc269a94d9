// The gateway as the API sees it, in a test's hands: what was asked is kept, and answered when, and
// in whatever order, the test says.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/api/dispatcher.h"
#include "gateway/api/idempotency_table.h"
#include "gateway/api/saved_push.h"

namespace api {

class FakeDispatcher : public Dispatcher {
 public:
  struct Push {
    SavedPush request;
    ReplyTo reply_to;
  };
  struct Question {
    Query query;
    ReplyTo reply_to;
  };

  Admission push(const push::PushRequest& request, ReplyTo reply_to) override {
    if (admission != Admission::kAccepted) return admission;
    if (room == 0) return Admission::kRingFull;
    if (room != kUnlimited) --room;
    pushes.push_back({SavedPush(request), reply_to});
    payloads.emplace_back(request.payload);
    return Admission::kAccepted;
  }
  Admission ask(Query query, ReplyTo reply_to) override {
    if (admission != Admission::kAccepted) return admission;
    questions.push_back({std::move(query), reply_to});
    return Admission::kAccepted;
  }
  bool memory_full() const override { return admission == Admission::kMemoryFull; }
  std::string metrics_text() override { return "dunlin_up 1\n"; }
  std::string stats_json() override { return R"({"connections":7})"; }
  std::string memory_json() override { return R"({"total":8})"; }
  Readiness readiness() override { return ready; }
  void start_drain() override { drained = true; }

  // Answers one push as written to so many connections.
  void answer_push(std::size_t index, std::uint32_t matched = 1) {
    Push push = std::move(pushes[index]);
    pushes.erase(pushes.begin() + static_cast<std::ptrdiff_t>(index));
    PushResult result;
    result.id = {++ids};
    result.receipt = {.matched = matched, .written = matched};
    if (matched == 0) {
      for (const auto uid : push.request.request().uids) result.offline.emplace_back(uid);
    }
    sink->on_push_done(push.reply_to, std::move(result));
  }
  void answer_pushes() {
    while (!pushes.empty()) answer_push(0);
  }
  void answer(Answer answer) {
    const ReplyTo reply_to = questions.front().reply_to;
    questions.erase(questions.begin());
    sink->on_answer(reply_to, std::move(answer));
  }
  // Claims and stores, as a shard would.
  void answer_claims() {
    while (!questions.empty()) {
      if (const auto* claim = std::get_if<ClaimQuery>(&questions.front().query)) {
        answer(table.claim(claim->key, claim->fingerprint, 0));
      } else if (const auto* store = std::get_if<StoreQuery>(&questions.front().query)) {
        table.store(store->key, store->status, store->body);
        answer(StoreAnswer{});
      } else {
        return;
      }
    }
  }

  static constexpr std::size_t kUnlimited = ~std::size_t{0};
  ReplySink* sink = nullptr;
  Admission admission = Admission::kAccepted;
  std::size_t room = kUnlimited;  // Pushes until the ring is full.
  std::vector<Push> pushes;
  std::vector<Question> questions;
  std::vector<std::string> payloads;  // Of every push ever accepted, in that order.
  IdempotencyTable table{{}};
  Readiness ready{.ready = true, .body = "{}"};
  bool drained = false;
  std::uint64_t ids = 0;
};

}  // namespace api
