#include "bench/load/client/publish_connection.h"

#include "bench/load/client/http_publish_connection.h"
#include "bench/load/client/nats_publish_connection.h"
#include "bench/load/client/stream_publish_connection.h"

namespace load {

std::unique_ptr<PublishConnection> make_publish_connection(EventLoop& loop,
                                                           PublishConnection::Owner& owner,
                                                           const Setup& setup,
                                                           const PublishForm& form) {
  switch (setup.profile.protocol) {
    case Protocol::kHttp:
      break;
    case Protocol::kNats:
      return std::make_unique<NatsPublishConnection>(loop, owner, form);
  }
  if (form.is_batch && setup.options.stream) {
    return std::make_unique<StreamPublishConnection>(loop, owner, setup, form);
  }
  return std::make_unique<HttpPublishConnection>(loop, owner, setup, form);
}

}  // namespace load
