// The gateway itself: figures, health, orders, and what this API is.
#include <string>
#include <utility>

#include "gateway/api/call.h"
#include "gateway/api/json_writer.h"
#include "gateway/api/openapi.h"
#include "gateway/api/routes.h"

namespace api {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::size_t kLevelSizeMax = 16;

// The response's body must live until it is written.
Response keep(const Call& call, std::string body, std::string_view content_type = kJson) {
  call.context.body = std::move(body);
  return {.content_type = content_type, .body = call.context.body};
}

}  // namespace

Outcome get_stats(const Call& call) { return keep(call, call.context.dispatcher.stats_json()); }

Outcome get_memory(const Call& call) { return keep(call, call.context.dispatcher.memory_json()); }

Outcome get_metrics(const Call& call) {
  return keep(call, call.context.dispatcher.metrics_text(),
              "text/plain; version=0.0.4; charset=utf-8");
}

Outcome get_health(const Call&) { return Response{.body = R"({"status":"ok"})"}; }

Outcome get_readiness(const Call& call) {
  Readiness readiness = call.context.dispatcher.readiness();
  Response response = keep(call, std::move(readiness.body));
  if (!readiness.ready) {
    response.status = 503;
    response.fields = kRetryAfter;
  }
  return response;
}

Outcome start_drain(const Call& call) {
  call.context.dispatcher.start_drain();
  return Response{.status = 202, .body = R"({"draining":true})"};
}

Outcome set_log_level(const Call& call) {
  auto level =
      call.context.body_parser.parse_text(call.body, {.name = "level", .size_max = kLevelSizeMax});
  if (!level) return to_api_error(std::move(level.error()));
  if (!call.context.hooks.set_log_level || !call.context.hooks.set_log_level(*level)) {
    return ApiError{.code = "invalid_value",
                    .message = "must be one of trace, debug, info, warn, error, off",
                    .path = "level"};
  }
  std::string body;
  JsonWriter(body).begin_object().key("level").string(*level).end_object();
  return keep(call, std::move(body));
}

Outcome get_openapi(const Call&) { return Response{.body = openapi_json()}; }

Outcome get_index(const Call& call) {
  std::string text = "Dunlin, the internal API. /openapi.json describes it in full.\n\n";
  for (const Route& route : routes()) {
    std::string line(route.method_name);
    line.resize(8, ' ');
    line.append(route.pattern);
    line.resize(std::max<std::size_t>(line.size() + 2, 46), ' ');
    text.append(line).append(route.summary).append("\n");
  }
  return keep(call, std::move(text), kText);
}

}  // namespace api
