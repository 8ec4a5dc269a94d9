#include "gateway/api/gate.h"

#include <openssl/crypto.h>

#include <utility>

#include "gateway/api/page_guard.h"
#include "proto/http/field.h"
#include "proto/http/query.h"

namespace api {
namespace {

constexpr std::string_view kNdjson = "application/x-ndjson";

bool has_key(const ApiContext& context, const RequestFields& fields, KnownKey& known) {
  if (context.credentials.open()) return true;
  const std::string_view key = fields.api_key.empty()
                                   ? http::bearer_credentials(fields.authorization).value_or("")
                                   : fields.api_key;
  if (key.empty()) return false;
  if (known.version == context.credentials_version && known.key.size() == key.size() &&
      CRYPTO_memcmp(known.key.data(), key.data(), key.size()) == 0) {
    return true;
  }
  if (!context.credentials.accept(key)) return false;
  known = {.key = std::string(key), .version = context.credentials_version};
  return true;
}

Passage refuse(ApiError error, std::string fields = {}) {
  Passage passage;
  passage.refusal = std::move(error);
  passage.fields = std::move(fields);
  return passage;
}

Passage no_key() {
  return refuse({.status = 401,
                 .code = "unauthorized",
                 .message = "send a configured key as \"Authorization: Bearer KEY\" or "
                            "\"X-API-Key: KEY\""},
                "WWW-Authenticate: Bearer realm=\"dunlin\"\r\n");
}

Passage without_route(const http::RequestHead& head, bool path_known) {
  if (!path_known) {
    return refuse({.status = 404, .code = "not_found", .message = "no such path; GET / lists all"});
  }
  std::string allow = allow_field(head.path);
  if (head.method == http::Method::kOptions) {
    Passage passage;
    passage.fields = std::move(allow);
    return passage;
  }
  return refuse({.status = 405,
                 .code = "method_not_allowed",
                 .message = "this path is for other methods; see the Allow field"},
                std::move(allow));
}

}  // namespace

Passage pass_gate(ApiContext& context, const http::RequestHead& head, const RequestFields& fields,
                  KnownKey& known_key) {
  const RouteMatch match = find_route(head.method, head.path);
  const bool open = match.route != nullptr && match.route->open;
  if (!open && !has_key(context, fields, known_key)) return no_key();
  if (match.route == nullptr) return without_route(head, match.path_known);
  if (auto refusal = check_page(context, *match.route, head, fields)) {
    return refuse(*std::move(refusal));
  }
  Passage passage;
  passage.route = match.route;
  passage.credentials_version = context.credentials_version;
  passage.streamed = match.route->body == BodyUse::kWholeOrStreamed &&
                     http::equals_ignoring_case(fields.media_type, kNdjson);
  if (!match.parameter.empty()) {
    auto decoded = http::percent_decode(match.parameter);
    if (!decoded) {
      return refuse({.status = 400,
                     .code = "invalid_path",
                     .message = "the path has a % without two hexadecimal digits"});
    }
    passage.parameter = *std::move(decoded);
  }
  return passage;
}

}  // namespace api
