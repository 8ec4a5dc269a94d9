// How the hub reaches the wire without knowing sockets: the edge implements it, tests fake it.
//
// Thread: the shard's. No call returns into the hub.
#pragma once

#include <cstdint>
#include <span>

#include "gateway/hub/member.h"
#include "gateway/net/send_operation.h"

namespace hub {

class Transport {
 public:
  virtual ~Transport() = default;

  // Hands all operations to the kernel, in order, without blocking. Their tag is the member, which
  // occurs at most once.
  virtual void send(std::span<net::SendOperation> operations) = 0;

  // The member's queue is over its limit and the policy says close. Nothing more is sent to it but
  // what close() asks for later.
  virtual void close_slow(MemberIndex member) = 0;

  // The member has a message that expires then; it wants Delivery::expire() called.
  virtual void wake_at(MemberIndex member, std::uint64_t at_ms) = 0;

  virtual std::uint64_t now_ns() = 0;  // Monotonic.
};

}  // namespace hub
