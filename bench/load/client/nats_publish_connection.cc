#include "bench/load/client/nats_publish_connection.h"

#include "bench/load/client/nats_wire.h"

namespace load {

bool NatsPublishConnection::open(const Address& target) {
  if (!tcp_.open(target)) return false;
  unread_.clear();
  tcp_.outgoing() += kNatsConnect;
  return true;
}

void NatsPublishConnection::add(const Template::Values& values) {
  subject_.clear();
  payload_.clear();
  form_.path.append_to(subject_, values);
  form_.body.append_to(payload_, values);
  append_nats_publication(tcp_.outgoing(), {.subject = subject_, .payload = payload_});
}

void NatsPublishConnection::end_request() { tcp_.outgoing() += kNatsPing; }

bool NatsPublishConnection::on_bytes(std::string_view bytes) {
  unread_ += bytes;
  std::string_view input = unread_;
  if (!take_steps(input)) return false;
  unread_.erase(0, unread_.size() - input.size());
  return true;
}

bool NatsPublishConnection::take_steps(std::string_view& input) {
  for (;;) {
    switch (next_nats_step(input).kind) {
      case NatsStep::Kind::kNeedInput:
        return true;
      case NatsStep::Kind::kPong:
        owner_.on_answer(*this, true, {});
        break;
      case NatsStep::Kind::kPing:
        tcp_.outgoing() += kNatsPong;
        break;
      case NatsStep::Kind::kRemark:
      case NatsStep::Kind::kPublication:  // It subscribes to nothing, so none comes.
        break;
      case NatsStep::Kind::kError:
      case NatsStep::Kind::kFault:
        return false;
    }
  }
}

}  // namespace load
