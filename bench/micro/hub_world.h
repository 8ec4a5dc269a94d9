// A hub whose wire takes everything and costs nothing: what is measured is the hub.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gateway/cross/counters.h"
#include "gateway/hub/hub.h"

namespace bench {

class FreeTransport final : public hub::Transport {
 public:
  void send(std::span<net::SendOperation> operations) override {
    for (net::SendOperation& operation : operations) {
      operation.result = 0;
      if (blocked) continue;
      for (std::uint32_t i = 0; i < operation.parts_count; ++i) {
        operation.result += static_cast<std::int64_t>(operation.parts[i].iov_len);
      }
    }
  }
  void close_slow(hub::MemberIndex) override {}
  void wake_at(hub::MemberIndex, std::uint64_t) override {}
  std::uint64_t now_ns() override { return 2; }

  bool blocked = false;  // Takes nothing.
};

struct HubWorld {
  explicit HubWorld(std::uint32_t members, hub::Compression compression = {}) {
    hub.delivery().set_rules({{.limits = {.size_max = 1 << 20, .messages_max = 1'024},
                               .overflow = push::Policy::kDropOldest}});
    for (std::uint32_t i = 0; i < members; ++i) {
      hub.join(i, {.handle = static_cast<std::int32_t>(i), .compression = compression});
      hub.activate(i, uid_of(i));
    }
  }
  static std::string uid_of(std::uint32_t index) { return "user-" + std::to_string(index); }

  cross::Counters counters;
  FreeTransport transport;
  hub::Hub hub{0, transport, counters, 1'024};
};

}  // namespace bench
