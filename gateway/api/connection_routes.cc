// Single connections, by their id.
#include <utility>

#include "gateway/api/call.h"
#include "gateway/api/close_parameters.h"
#include "gateway/api/query_answers.h"
#include "gateway/api/routes.h"
#include "gateway/cross/ids.h"

namespace api {

Outcome get_connection(const Call& call) {
  const auto id = cross::parse_connection_id(call.parameter);
  if (!id) return no_such_connection();
  return ask(call, ConnectionQuery{*id});
}

Outcome kick_connection(const Call& call) {
  const auto id = cross::parse_connection_id(call.parameter);
  auto close = close_parameters(call);
  if (!close) return std::move(close.error());
  if (!id) return no_such_connection();
  call.style.single_target = true;
  return ask(
      call,
      KickQuery{
          .uid = {}, .connection = *id, .code = close->code, .reason = std::move(close->reason)});
}

}  // namespace api
