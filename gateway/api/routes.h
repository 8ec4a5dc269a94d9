// The table of the API's routes: method and path pattern to handler. openapi.json describes the
// same table, and a test compares the two.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/api/call.h"
#include "proto/http/request_head.h"

namespace api {

// How a request's body is taken.
enum class BodyUse : std::uint8_t {
  kIgnored,
  kWhole,            // Handed to the handler.
  kWholeOrStreamed,  // Streamed if it is NDJSON.
};

struct Route {
  http::Method method;
  std::string_view method_name;
  std::string_view pattern;  // At most one {parameter}, which stands for one path segment.
  Handler handler;
  BodyUse body = BodyUse::kIgnored;
  bool open = false;     // No key is asked for.
  bool changes = false;  // Has an effect, so that other sites' pages must not cause it.
  std::string_view summary;
};

[[nodiscard]] std::span<const Route> routes();

struct RouteMatch {
  const Route* route = nullptr;
  std::string_view parameter;  // Not yet decoded.
  bool path_known = false;     // With no route: other methods are allowed here.
};

// HEAD is GET without the body, where GET changes nothing.
[[nodiscard]] RouteMatch find_route(http::Method method, std::string_view path);

// "Allow: GET, HEAD, OPTIONS\r\n" of a known path.
[[nodiscard]] std::string allow_field(std::string_view path);

// The handlers.
Outcome push_json(const Call& call);  // push_routes.cc
Outcome push_raw(const Call& call);
Outcome push_from_query(const Call& call);
Outcome get_user(const Call& call);  // user_routes.cc
Outcome kick_user(const Call& call);
Outcome ask_online(const Call& call);
Outcome get_channel(const Call& call);  // channel_routes.cc
Outcome get_presence(const Call& call);
Outcome get_history(const Call& call);
Outcome subscribe_user(const Call& call);
Outcome unsubscribe_user(const Call& call);
Outcome get_connection(const Call& call);  // connection_routes.cc
Outcome kick_connection(const Call& call);
Outcome get_stats(const Call& call);  // admin_routes.cc
Outcome get_memory(const Call& call);
Outcome get_metrics(const Call& call);
Outcome get_health(const Call& call);
Outcome get_readiness(const Call& call);
Outcome start_drain(const Call& call);
Outcome set_log_level(const Call& call);
Outcome get_openapi(const Call& call);
Outcome get_index(const Call& call);

}  // namespace api
