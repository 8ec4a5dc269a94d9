// A hub on a fake wire, with words for what tests do all the time.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/cross/counters.h"
#include "gateway/cross/message.h"
#include "gateway/hub/hub.h"
#include "proto/base/bytes.h"
#include "proto/ws/frame_encoder.h"
#include "tests/gateway/hub/fake_transport.h"
#include "tests/proto/support/zlib_peer.h"

namespace testing_support {

inline constexpr std::uint8_t kPing = 0x9;
inline constexpr std::uint8_t kPong = 0xA;
inline constexpr std::uint8_t kClose = 0x8;

struct HubWorld {
  HubWorld() { set_rules({{.limits = {.size_max = 1'000, .messages_max = 10}}}); }

  void set_rules(std::vector<hub::QueueRules> rules) { hub.delivery().set_rules(std::move(rules)); }

  struct Who {
    std::string_view uid = {};
    cross::Encoding encoding = cross::Encoding::kPlain;
    hub::Compression compression = {};
    std::uint16_t profile = 0;
    bool internal = false;
  };
  hub::MemberIndex join(const Who& who) {
    const hub::MemberIndex index = slots.take();
    hub.join(index, {.handle = handle_of(index),
                     .generation = ++generation,
                     .profile = who.profile,
                     .encoding = who.encoding,
                     .compression = who.compression,
                     .internal = who.internal});
    transport.wires[handle_of(index)] = Wire{};
    hub.activate(index, who.uid);
    return index;
  }
  hub::MemberIndex join() { return join(Who{}); }
  void leave(hub::MemberIndex index) {
    hub.leave(index);
    slots.give_back(index);
  }

  static std::int32_t handle_of(hub::MemberIndex index) {
    return static_cast<std::int32_t>(index) + 100;
  }
  Wire& wire(hub::MemberIndex index) { return transport.wires[handle_of(index)]; }
  void block(hub::MemberIndex index, std::size_t room = 0) { wire(index).room = room; }
  void unblock(hub::MemberIndex index) {
    block(index, Wire::kAnySize);
    hub.delivery().on_writable(index);
  }

  // The whole frames on a member's wire, inflated as its client does.
  std::vector<Frame> frames(hub::MemberIndex index) {
    const hub::Compression agreed = hub.members()[index].compression;
    std::vector<Frame> frames = parse_frames(wire(index).bytes).frames;
    PeerInflater client(agreed.agreed() ? agreed.window_bits : 15, agreed.context_takeover);
    for (Frame& frame : frames) {
      if (!frame.compressed) continue;
      EXPECT_TRUE(agreed.agreed() && frame.opcode < 8);
      frame.payload = client.text(frame.payload);
    }
    return frames;
  }

  // Payloads of the whole frames on a member's wire; control frames in brackets.
  std::vector<std::string> received(hub::MemberIndex index) {
    std::vector<std::string> all;
    for (const Frame& frame : frames(index)) {
      all.push_back(frame.opcode < 8 ? frame.payload : "[" + frame.payload + "]");
    }
    return all;
  }

  cross::MessageRef message(cross::Message::Parts parts) {
    parts.id = {++serial};
    if (parts.accepted_ns == 0) parts.accepted_ns = 1;
    return cross::Message::make(parts);
  }
  cross::MessageRef message(std::string_view payload) { return message({.payload = payload}); }

  // Delivers and flushes.
  push::Receipt push(hub::MemberIndex index, const cross::MessageRef& what,
                     hub::Watch* watch = nullptr) {
    push::Receipt receipt;
    hub.delivery().deliver(index, what, receipt, watch);
    hub.delivery().flush();
    return receipt;
  }
  push::Receipt push(hub::MemberIndex index, std::string_view payload) {
    return push(index, message(payload));
  }

  bool control(hub::MemberIndex index, std::uint8_t kind, std::string_view payload) {
    std::string frame;
    ws::append_frame(frame, static_cast<ws::Opcode>(kind), dunlin::as_bytes(payload));
    return hub.delivery().send_framed(index, dunlin::as_bytes(frame), {}, kind);
  }
  bool answer(hub::MemberIndex index, std::string_view payload) {
    std::string deflated;
    if (hub.delivery().deflate_answer(index, ws::Opcode::kText, dunlin::as_bytes(payload),
                                      deflated)) {
      return hub.delivery().send_framed(index, dunlin::as_bytes(deflated), {}, 0);
    }
    std::byte header[ws::kFrameHeaderSizeMax];
    const std::size_t size = ws::encode_frame_header(ws::Opcode::kText, payload.size(), header);
    return hub.delivery().send_framed(index, {header, size}, dunlin::as_bytes(payload), 0);
  }

  cross::Counters counters;
  FakeTransport transport;
  hub::SlotAllocator slots;
  std::uint32_t generation = 0;
  std::uint64_t serial = 0;
  hub::Hub hub{0, transport, counters, 64};
};

inline void expect_balanced(const push::Receipt& receipt) {
  EXPECT_EQ(receipt.matched,
            receipt.written + receipt.queued + receipt.conflated + receipt.dropped);
  EXPECT_LE(receipt.written, receipt.matched);
  EXPECT_LE(receipt.queued, receipt.matched);
  EXPECT_LE(receipt.conflated, receipt.matched);
  EXPECT_LE(receipt.dropped, receipt.matched);
}

using Strings = std::vector<std::string>;

}  // namespace testing_support
