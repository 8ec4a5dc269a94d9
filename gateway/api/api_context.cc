#include "gateway/api/api_context.h"

#include <utility>

namespace api {

ApiContext::ApiContext(Dispatcher& dispatcher_, ClaimListener& listener, cross::Counters& counters_,
                       net::SendBatch& batch, std::shared_ptr<const config::Config> config_,
                       Hooks hooks_)
    : dispatcher(dispatcher_),
      counters(counters_),
      hooks(std::move(hooks_)),
      claims(dispatcher_, listener),
      secure_sends(batch),
      credentials({}) {
  configure(std::move(config_));
}

void ApiContext::configure(std::shared_ptr<const config::Config> config_) {
  config = std::move(config_);
  credentials = Credentials(config->api.keys);
  ++credentials_version;
  push_limits = {.targets_max = config->api.targets_max,
                 .uid_size_max = config->hub.uid_size_max,
                 .channel_size_max = config->hub.channel_size_max,
                 .wait_timeout_max_ms = config->api.wait_timeout_max_ms};
}

http::Limits http_limits(const config::Api& api) {
  return {.head_size_max = api.head_size_max, .body_size_max = api.body_size_max};
}

}  // namespace api
