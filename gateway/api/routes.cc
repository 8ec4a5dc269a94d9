#include "gateway/api/routes.h"

#include <array>
#include <optional>

namespace api {
namespace {

using http::Method;

// The busiest first.
constexpr std::array kRoutes = {
    Route{.method = Method::kPost,
          .method_name = "POST",
          .pattern = "/v1/push",
          .handler = push_json,
          .body = BodyUse::kWholeOrStreamed,
          .changes = true,
          .summary = "push a message; as application/x-ndjson one push a line"},
    Route{.method = Method::kPost,
          .method_name = "POST",
          .pattern = "/v1/push/{uid}",
          .handler = push_raw,
          .body = BodyUse::kWhole,
          .changes = true,
          .summary = "push the request's body as it is"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/send",
          .handler = push_from_query,
          .changes = true,
          .summary = "push a text: ?uid=&message="},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/users/{uid}",
          .handler = get_user,
          .summary = "a user's connections"},
    Route{.method = Method::kDelete,
          .method_name = "DELETE",
          .pattern = "/v1/users/{uid}",
          .handler = kick_user,
          .changes = true,
          .summary = "close a user's connections: ?code=&reason="},
    Route{.method = Method::kPost,
          .method_name = "POST",
          .pattern = "/v1/online",
          .handler = ask_online,
          .body = BodyUse::kWhole,
          .summary = "which of many users are connected"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/channels/{channel}",
          .handler = get_channel,
          .summary = "a channel's subscribers and position"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/channels/{channel}/presence",
          .handler = get_presence,
          .summary = "who is subscribed"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/channels/{channel}/history",
          .handler = get_history,
          .summary = "its kept messages: ?since=&limit="},
    Route{.method = Method::kPost,
          .method_name = "POST",
          .pattern = "/v1/channels/{channel}/subscribers",
          .handler = subscribe_user,
          .body = BodyUse::kWhole,
          .changes = true,
          .summary = "subscribe a user's present connections"},
    Route{.method = Method::kDelete,
          .method_name = "DELETE",
          .pattern = "/v1/channels/{channel}/subscribers",
          .handler = unsubscribe_user,
          .body = BodyUse::kWhole,
          .changes = true,
          .summary = "end that"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/connections/{id}",
          .handler = get_connection,
          .summary = "one connection"},
    Route{.method = Method::kDelete,
          .method_name = "DELETE",
          .pattern = "/v1/connections/{id}",
          .handler = kick_connection,
          .changes = true,
          .summary = "close it: ?code=&reason="},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/stats",
          .handler = get_stats,
          .summary = "what the gateway did so far"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/v1/memory",
          .handler = get_memory,
          .summary = "where its memory is"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/metrics",
          .handler = get_metrics,
          .summary = "for Prometheus"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/healthz",
          .handler = get_health,
          .open = true,
          .summary = "it runs"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/readyz",
          .handler = get_readiness,
          .open = true,
          .summary = "pushes arrive"},
    Route{.method = Method::kPost,
          .method_name = "POST",
          .pattern = "/v1/drain",
          .handler = start_drain,
          .changes = true,
          .summary = "close everything at leisure and end"},
    Route{.method = Method::kPut,
          .method_name = "PUT",
          .pattern = "/v1/log-level",
          .handler = set_log_level,
          .body = BodyUse::kWhole,
          .changes = true,
          .summary = "what is logged"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/openapi.json",
          .handler = get_openapi,
          .summary = "this API's description"},
    Route{.method = Method::kGet,
          .method_name = "GET",
          .pattern = "/",
          .handler = get_index,
          .summary = "this list"},
};

// What stands for the pattern's parameter; empty without one. Nothing: the path does not match.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const std::size_t begin = pattern.find('{');
  if (begin == std::string_view::npos) {
    return pattern == path ? std::optional(std::string_view{}) : std::nullopt;
  }
  const std::string_view before = pattern.substr(0, begin);
  const std::string_view after = pattern.substr(pattern.find('}') + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after)) {
    return std::nullopt;
  }
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  return path.find('/') == std::string_view::npos ? std::optional(path) : std::nullopt;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

RouteMatch find_route(Method method, std::string_view path) {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  RouteMatch found;
  for (const Route& route : kRoutes) {
    const auto parameter = match(route.pattern, path);
    if (!parameter) continue;
    found.path_known = true;
    if (method == Method::kHead && route.changes) continue;
    if (route.method == wanted)
      return {.route = &route, .parameter = *parameter, .path_known = true};
  }
  return found;
}

std::string allow_field(std::string_view path) {
  std::string field = "Allow: ";
  for (const Route& route : kRoutes) {
    if (!match(route.pattern, path)) continue;
    const bool head = route.method == Method::kGet && !route.changes;
    field.append(route.method_name).append(head ? ", HEAD, " : ", ");
  }
  return field.append("OPTIONS\r\n");
}

}  // namespace api
