// Users: the connections of a uid.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/api/call.h"
#include "gateway/api/close_parameters.h"
#include "gateway/api/routes.h"

namespace api {

Outcome get_user(const Call& call) {
  const auto named = check_name(call.parameter, "uid", call.context.push_limits.uid_size_max);
  if (!named) return named.error();
  return ask(call, UserQuery{std::string(call.parameter)});
}

Outcome kick_user(const Call& call) {
  const auto named = check_name(call.parameter, "uid", call.context.push_limits.uid_size_max);
  if (!named) return named.error();
  auto close = close_parameters(call);
  if (!close) return std::move(close.error());
  return ask(call, KickQuery{.uid = std::string(call.parameter),
                             .code = close->code,
                             .reason = std::move(close->reason)});
}

Outcome ask_online(const Call& call) {
  if (!may_be_json(call.fields.media_type)) return unsupported_type(kJson);
  const push::PushLimits& limits = call.context.push_limits;
  std::vector<std::string_view> uids;
  auto parsed = call.context.body_parser.parse_list(
      call.body, {.name = "uids", .count_max = limits.targets_max, .size_max = limits.uid_size_max},
      uids);
  if (!parsed) return to_api_error(std::move(parsed.error()));
  return ask(call, OnlineQuery{{uids.begin(), uids.end()}});
}

}  // namespace api
