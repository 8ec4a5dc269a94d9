// Pushes: as JSON, as a raw body, as query parameters. Streams are push_stream.h's.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "gateway/api/call.h"
#include "gateway/api/routes.h"
#include "proto/http/field.h"
#include "proto/http/query.h"
#include "proto/push/choice.h"

namespace api {
namespace {

// A push that is told by query parameters; owns what the request's views point to.
struct QueryPush {
  std::string conflate_key;
  push::PushRequest request;
};

template <typename Value>
std::optional<ApiError> read_choice(
    const Call& call, std::string_view name,
    std::type_identity_t<std::span<const push::Choice<Value>>> choices, Value& choice) {
  const auto text = http::query_parameter(call.head.query, name);
  if (!text) return std::nullopt;
  const auto found = push::find_choice(choices, *text);
  if (!found) return bad_parameter(name, push::list_choices(choices));
  choice = *found;
  return std::nullopt;
}

// ttl_ms, timeout_ms, wait, policy and conflate_key, as in a JSON push.
std::optional<ApiError> read_options(const Call& call, QueryPush& push) {
  if (call.head.query.empty()) return std::nullopt;
  for (const auto& [name, max, number] :
       {std::tuple{"ttl_ms", std::uint32_t{0xFFFFFFFF}, &push.request.ttl_ms},
        std::tuple{"timeout_ms", call.context.push_limits.wait_timeout_max_ms,
                   &push.request.timeout_ms}}) {
    if (!http::query_parameter(call.head.query, name)) continue;
    const auto value = number_parameter(call, name, 0, max);
    if (!value) return value.error();
    *number = static_cast<std::uint32_t>(*value);
  }
  if (auto error = read_choice(call, "wait", push::kWaits, push.request.wait)) return error;
  const bool policy_given = http::query_parameter(call.head.query, "policy").has_value();
  if (auto error = read_choice(call, "policy", push::kPolicies, push.request.policy)) return error;
  if (auto key = http::query_parameter(call.head.query, "conflate_key")) {
    push.conflate_key = std::move(*key);
    if (auto checked = check_name(push.conflate_key, "conflate_key", push::kKeySizeMax); !checked) {
      return checked.error();
    }
    push.request.conflate_key = push.conflate_key;
    if (!policy_given) push.request.policy = push::Policy::kConflate;
  }
  if (push.request.policy == push::Policy::kConflate && push.conflate_key.empty()) {
    return bad_parameter("policy", "conflate needs a conflate_key");
  }
  return std::nullopt;
}

// The Idempotency-Key field. In JSON the member may say the same, but nothing else.
std::optional<ApiError> read_key_field(const Call& call, push::PushRequest& request) {
  const std::string_view key = call.fields.idempotency_key;
  if (key.data() == nullptr) return std::nullopt;
  if (auto checked = check_name(key, "Idempotency-Key", push::kKeySizeMax); !checked) {
    return checked.error();
  }
  if (!request.idempotency_key.empty() && request.idempotency_key != key) {
    return bad_parameter("Idempotency-Key", "differs from the body's idempotency_key");
  }
  request.idempotency_key = key;
  return std::nullopt;
}

enum class RawType : std::uint8_t { kText, kJson, kBinary, kOther };

// A form's type is what clients send that were not told otherwise: the body counts, as text.
RawType raw_type(std::string_view media_type) {
  if (media_type.empty() || http::equals_ignoring_case(media_type.substr(0, 5), "text/") ||
      http::equals_ignoring_case(media_type, kFormType)) {
    return RawType::kText;
  }
  if (http::equals_ignoring_case(media_type, kJson)) return RawType::kJson;
  if (http::equals_ignoring_case(media_type, "application/octet-stream")) return RawType::kBinary;
  return RawType::kOther;
}

std::optional<ApiError> read_raw_body(const Call& call, push::PushRequest& request) {
  request.payload = call.body.view();
  switch (raw_type(call.fields.media_type)) {
    case RawType::kOther:
      return unsupported_type("text/plain, application/json or application/octet-stream");
    case RawType::kBinary:
      request.kind = push::PayloadKind::kBinary;
      return std::nullopt;
    case RawType::kText:
      request.kind = push::PayloadKind::kText;
      if (push::is_valid_utf8(request.payload)) return std::nullopt;
      return ApiError{.code = "invalid_utf8",
                      .message =
                          "a text must be valid UTF-8; "
                          "send bytes as application/octet-stream"};
    case RawType::kJson:
      break;
  }
  request.kind = push::PayloadKind::kJson;
  const auto checked = call.context.body_parser.check(call.body);
  if (!checked) return to_api_error(checked.error());
  request.payload = *checked;
  return std::nullopt;
}

}  // namespace

Outcome push_json(const Call& call) {
  if (!may_be_json(call.fields.media_type)) {
    return unsupported_type("application/json or application/x-ndjson");
  }
  ApiContext& context = call.context;
  auto parsed = context.push_parser.parse(call.body, context.push_limits, context.push_request);
  if (!parsed) return to_api_error(std::move(parsed.error()));
  if (auto error = read_key_field(call, context.push_request)) return *std::move(error);
  return submit(call, context.push_request);
}

Outcome push_raw(const Call& call) {
  const auto named = check_name(call.parameter, "uid", call.context.push_limits.uid_size_max);
  if (!named) return named.error();
  QueryPush push;
  push.request.uids.push_back(call.parameter);
  if (auto error = read_raw_body(call, push.request)) return *std::move(error);
  if (auto error = read_options(call, push)) return *std::move(error);
  if (auto error = read_key_field(call, push.request)) return *std::move(error);
  return submit(call, push.request);
}

Outcome push_from_query(const Call& call) {
  const auto uid = http::query_parameter(call.head.query, "uid");
  const auto message = http::query_parameter(call.head.query, "message");
  if (!uid) return bad_parameter("uid", "must be given: /send?uid=123&message=Hello");
  if (!message) return bad_parameter("message", "must be given: /send?uid=123&message=Hello");
  const auto named = check_name(*uid, "uid", call.context.push_limits.uid_size_max);
  if (!named) return named.error();
  if (!push::is_valid_utf8(*message)) return bad_parameter("message", "must be valid UTF-8");
  QueryPush push;
  push.request.uids.emplace_back(*uid);
  push.request.payload = *message;
  if (auto error = read_options(call, push)) return *std::move(error);
  if (auto error = read_key_field(call, push.request)) return *std::move(error);
  return submit(call, push.request);
}

}  // namespace api
