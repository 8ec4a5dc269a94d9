// One request as a handler sees it, and the ways to answer it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/api/answer_queue.h"
#include "gateway/api/api_context.h"
#include "gateway/api/api_error.h"
#include "gateway/api/dispatcher.h"
#include "gateway/api/request_fields.h"
#include "gateway/api/response.h"
#include "proto/http/request_head.h"
#include "proto/push/padded_text.h"

namespace api {

struct Call {
  ApiContext& context;
  const http::RequestHead& head;
  const RequestFields& fields;
  std::string_view parameter;  // What stands for {…} in the route's pattern, decoded.
  push::PaddedText body;
  ReplyTo reply_to;
  PushAnswerStyle& style;  // Of the answer, which comes later.
};

struct Pending {};   // Asked; the answer comes through ReplySink.
struct Claiming {};  // The same, and requests that follow must wait.
using Outcome = std::variant<Response, Pending, Claiming, ApiError>;
using Handler = Outcome (*)(const Call& call);

// Asks the gateway; the answer's type decides how it is written (query_answers.h).
[[nodiscard]] Outcome ask(const Call& call, Query query);

// Pushes, through a claim if the request has an idempotency key. `body` and what else tells one
// request from another become the key's fingerprint.
[[nodiscard]] Outcome submit(const Call& call, const push::PushRequest& request);

// Errors that several handlers know.
[[nodiscard]] ApiError unsupported_type(std::string_view expected);
[[nodiscard]] ApiError bad_parameter(std::string_view name, std::string message);

// Whether a body may be read as JSON: it says so, says nothing, or has a form's type, which is what
// `curl -d` says when nobody told it otherwise.
[[nodiscard]] bool may_be_json(std::string_view media_type);

// A name from the path or the query: UTF-8, not empty, within the limit.
[[nodiscard]] std::expected<void, ApiError> check_name(std::string_view name, std::string_view what,
                                                       std::size_t size_max);

// An unsigned decimal number of the query; `fallback` if it is not there.
[[nodiscard]] std::expected<std::uint64_t, ApiError> number_parameter(const Call& call,
                                                                      std::string_view name,
                                                                      std::uint64_t fallback,
                                                                      std::uint64_t max);

}  // namespace api
