// Channels: their subscribers and their history.
#include <string>
#include <string_view>
#include <utility>

#include "gateway/api/call.h"
#include "gateway/api/routes.h"

namespace api {
namespace {

constexpr std::uint64_t kHistoryDefault = 100;
constexpr std::uint64_t kHistoryMax = 1'000;

std::expected<void, ApiError> check_channel(const Call& call) {
  return check_name(call.parameter, "channel", call.context.push_limits.channel_size_max);
}

Outcome change_subscription(const Call& call, bool subscribe) {
  if (const auto named = check_channel(call); !named) return named.error();
  if (!may_be_json(call.fields.media_type)) return unsupported_type(kJson);
  auto uid = call.context.body_parser.parse_text(
      call.body, {.name = "uid", .size_max = call.context.push_limits.uid_size_max});
  if (!uid) return to_api_error(std::move(uid.error()));
  return ask(call, SubscribeQuery{.uid = std::string(*uid),
                                  .channel = std::string(call.parameter),
                                  .subscribe = subscribe});
}

}  // namespace

Outcome get_channel(const Call& call) {
  if (const auto named = check_channel(call); !named) return named.error();
  return ask(call, ChannelQuery{std::string(call.parameter)});
}

Outcome get_presence(const Call& call) {
  if (const auto named = check_channel(call); !named) return named.error();
  return ask(call, PresenceQuery{std::string(call.parameter)});
}

Outcome get_history(const Call& call) {
  if (const auto named = check_channel(call); !named) return named.error();
  const auto since = number_parameter(call, "since", 0, ~std::uint64_t{0});
  if (!since) return since.error();
  const auto limit = number_parameter(call, "limit", kHistoryDefault, kHistoryMax);
  if (!limit) return limit.error();
  return ask(call, HistoryQuery{.channel = std::string(call.parameter),
                                .since = *since,
                                .limit = static_cast<std::uint32_t>(*limit)});
}

Outcome subscribe_user(const Call& call) { return change_subscription(call, true); }

Outcome unsubscribe_user(const Call& call) { return change_subscription(call, false); }

}  // namespace api
