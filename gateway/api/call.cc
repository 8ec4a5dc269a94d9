#include "gateway/api/call.h"

#include <charconv>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/http/field.h"
#include "proto/http/query.h"

namespace api {
namespace {

std::uint64_t fingerprint_of(const Call& call) {
  // The target names what stands outside the body: the uid and the parameters of a raw push.
  const XXH64_hash_t seed = XXH3_64bits(call.head.target.data(), call.head.target.size());
  return XXH3_64bits_withSeed(call.body.view().data(), call.body.size(), seed);
}

}  // namespace

Outcome ask(const Call& call, Query query) {
  const Admission admission = call.context.dispatcher.ask(std::move(query), call.reply_to);
  if (admission != Admission::kAccepted) return refusal(admission);
  return Pending{};
}

Outcome submit(const Call& call, const push::PushRequest& request) {
  call.style = answer_style(request);
  ApiContext& context = call.context;
  if (request.idempotency_key.empty()) {
    const Admission admission = context.dispatcher.push(request, call.reply_to);
    if (admission != Admission::kAccepted) return refusal(admission);
    return Pending{};
  }
  const Admission admission =
      context.claims.begin(request, fingerprint_of(call), call.reply_to, /*in_stream=*/false);
  if (admission != Admission::kAccepted) return refusal(admission);
  return Claiming{};
}

bool may_be_json(std::string_view media_type) {
  return media_type.empty() || http::equals_ignoring_case(media_type, kJson) ||
         http::equals_ignoring_case(media_type, kFormType);
}

ApiError unsupported_type(std::string_view expected) {
  return {.status = 415,
          .code = "unsupported_media_type",
          .message = "Content-Type must be " + std::string(expected)};
}

ApiError bad_parameter(std::string_view name, std::string message) {
  return {.status = 400,
          .code = "invalid_parameter",
          .message = std::move(message),
          .path = std::string(name)};
}

std::expected<void, ApiError> check_name(std::string_view name, std::string_view what,
                                         std::size_t size_max) {
  if (name.empty()) return std::unexpected(bad_parameter(what, "must not be empty"));
  if (name.size() > size_max) {
    return std::unexpected(
        bad_parameter(what, "must be at most " + std::to_string(size_max) + " bytes long"));
  }
  if (!push::is_valid_utf8(name)) {
    return std::unexpected(bad_parameter(what, "must be valid UTF-8"));
  }
  return {};
}

std::expected<std::uint64_t, ApiError> number_parameter(const Call& call, std::string_view name,
                                                        std::uint64_t fallback, std::uint64_t max) {
  const auto text = http::query_parameter(call.head.query, name);
  if (!text) return fallback;
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (text->empty() || stop != end || error != std::errc{} || number > max) {
    return std::unexpected(
        bad_parameter(name, "must be an integer from 0 to " + std::to_string(max)));
  }
  return number;
}

}  // namespace api
