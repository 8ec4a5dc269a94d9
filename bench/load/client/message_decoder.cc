#include "bench/load/client/message_decoder.h"

#include <string>

#include "bench/load/client/nats_wire.h"

namespace load {
namespace {

class PlainDecoder final : public MessageDecoder {
 public:
  bool decode(std::string_view message, Sink& sink) override {
    sink.on_publication(message);
    return true;
  }
};

// A message may hold several steps of the protocol, and a step may go over several messages.
class NatsDecoder final : public MessageDecoder {
 public:
  bool decode(std::string_view message, Sink& sink) override {
    std::string_view input = message;
    if (!unread_.empty()) input = unread_ += message;
    if (!take_steps(input, sink)) return false;
    // Mostly nothing is left over. `input` may stand inside unread_, which assign() allows for.
    unread_.assign(input);
    return true;
  }

 private:
  static bool take_steps(std::string_view& input, Sink& sink) {
    for (;;) {
      const NatsStep step = next_nats_step(input);
      switch (step.kind) {
        case NatsStep::Kind::kNeedInput:
          return true;
        case NatsStep::Kind::kPublication:
          sink.on_publication(step.text);
          break;
        case NatsStep::Kind::kPing:
          sink.on_reply(kNatsPong);
          break;
        case NatsStep::Kind::kPong:
        case NatsStep::Kind::kRemark:
          break;
        case NatsStep::Kind::kError:
        case NatsStep::Kind::kFault:
          return false;
      }
    }
  }

  std::string unread_;
};

}  // namespace

std::unique_ptr<MessageDecoder> make_message_decoder(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttp:
      break;
    case Protocol::kNats:
      return std::make_unique<NatsDecoder>();
  }
  return std::make_unique<PlainDecoder>();
}

}  // namespace load
