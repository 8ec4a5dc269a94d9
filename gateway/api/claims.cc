#include "gateway/api/claims.h"

#include <utility>
#include <variant>

namespace api {
namespace {

ClaimedAnswer error_answer(const ApiError& error) {
  ClaimedAnswer answer{.status = error.status};
  append_error(answer.body, error);
  return answer;
}

ApiError pending_error() {
  return {.status = 409,
          .code = "idempotency_pending",
          .message = "a request with this idempotency key is under way; ask again for its answer"};
}

ApiError mismatch_error() {
  return {.status = 422,
          .code = "idempotency_mismatch",
          .message = "this idempotency key was used for another request"};
}

}  // namespace

Admission Claims::begin(const push::PushRequest& request, std::uint64_t fingerprint, ReplyTo client,
                        bool in_stream) {
  const std::uint64_t id = next_id_++;
  const Admission admission =
      dispatcher_.ask(ClaimQuery{std::string(request.idempotency_key), fingerprint},
                      {.connection = kOwn, .generation = 0, .request = id});
  if (admission == Admission::kAccepted) {
    claims_.emplace(id, Claim{.push = SavedPush(request),
                              .style = answer_style(request),
                              .client = client,
                              .in_stream = in_stream});
  }
  return admission;
}

void Claims::on_answer(ReplyTo reply_to, Answer&& answer) {
  if (auto* claimed = std::get_if<ClaimAnswer>(&answer)) {
    on_claimed(reply_to.request, std::move(*claimed));
  }
}

void Claims::on_claimed(std::uint64_t id, ClaimAnswer&& answer) {
  const auto found = claims_.find(id);
  if (found == claims_.end()) return;
  const bool wanted = listener_.on_claim_decided(found->second.client);
  switch (answer.state) {
    case ClaimAnswer::State::kPending:
      return finish(id, error_answer(pending_error()));
    case ClaimAnswer::State::kMismatch:
      return finish(id, error_answer(mismatch_error()));
    case ClaimAnswer::State::kDone:
      return finish(id,
                    {.status = answer.status, .body = std::move(answer.body), .replayed = true});
    case ClaimAnswer::State::kNew:
      break;
  }
  const push::PushRequest& request = found->second.push.request();
  Admission admission = Admission::kDraining;
  if (wanted) {
    admission = dispatcher_.push(request, {.connection = kOwn, .generation = 0, .request = id});
    if (admission == Admission::kAccepted) return;
  }
  store(std::string(request.idempotency_key), 0, {});
  finish(id, error_answer(refusal(admission)));
}

void Claims::on_push_done(ReplyTo reply_to, const PushResult& result) {
  const auto found = claims_.find(reply_to.request);
  if (found == claims_.end()) return;
  const Claim& claim = found->second;
  ClaimedAnswer answer;
  if (result.refused) {
    answer = error_answer(refused_by_shard());
    store(std::string(claim.push.request().idempotency_key), 0, {});
  } else {
    if (claim.in_stream) {
      append_push_line(answer.body, claim.style, result, 0);
    } else {
      answer.status = append_push_answer(answer.body, claim.style, result);
    }
    store(std::string(claim.push.request().idempotency_key), answer.status, answer.body);
  }
  finish(reply_to.request, std::move(answer));
}

void Claims::finish(std::uint64_t id, ClaimedAnswer answer) {
  const auto claim = claims_.extract(id);
  listener_.on_claimed_answer(claim.mapped().client, std::move(answer));
}

void Claims::store(std::string key, int status, std::string body) {
  StoreQuery query{.key = std::move(key), .status = status, .body = std::move(body)};
  if (!unsent_.empty() || !try_store(query)) unsent_.push_back(std::move(query));
}

bool Claims::try_store(const StoreQuery& query) {
  return dispatcher_.ask(query, {.connection = kOwn}) == Admission::kAccepted;
}

bool Claims::retry_stores() {
  while (!unsent_.empty() && try_store(unsent_.front())) unsent_.pop_front();
  return !unsent_.empty();
}

}  // namespace api
