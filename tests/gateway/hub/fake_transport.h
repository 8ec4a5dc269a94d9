// A wire that a test controls: how many bytes each connection takes, and when it breaks.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/hub/transport.h"

namespace testing_support {

struct Wire {
  static constexpr std::size_t kAnySize = std::numeric_limits<std::size_t>::max();
  std::string bytes;            // What the kernel took.
  std::size_t room = kAnySize;  // What it still takes.
  bool broken = false;
  // As TLS does it: bytes are taken in records of this size; what does not fit is held, and is to
  // be offered again. 0: byte by byte.
  std::size_t record_size = 0;
  std::string held = {};
};

class FakeTransport final : public hub::Transport {
 public:
  void send(std::span<net::SendOperation> operations) override {
    ++calls;
    std::set<std::uint32_t> tags;
    for (net::SendOperation& operation : operations) {
      EXPECT_TRUE(tags.insert(operation.tag).second) << "one operation for each member";
      send_one(operation);
    }
  }
  void close_slow(hub::MemberIndex member) override { slow.push_back(member); }
  void wake_at(hub::MemberIndex member, std::uint64_t at_ms) override {
    const auto [found, is_first] = wakes.emplace(member, at_ms);
    if (!is_first) found->second = std::min(found->second, at_ms);
  }
  std::uint64_t now_ns() override { return clock_ns += 1'000; }

  std::map<std::int32_t, Wire> wires;  // By handle.
  std::vector<hub::MemberIndex> slow;
  std::map<hub::MemberIndex, std::uint64_t> wakes;  // The earliest asked for.
  std::uint64_t clock_ns = 1'000'000;
  int calls = 0;
  int operations_seen = 0;
  std::uint32_t parts_seen = 0;
  int break_at = -1;  // The operation of this number finds its connection broken.

 private:
  void send_one(net::SendOperation& operation) {
    Wire& wire = wires[operation.fd];
    if (operations_seen++ == break_at) wire.broken = true;
    if (wire.broken) {
      operation.result = -EPIPE;
      return;
    }
    operation.result = 0;
    EXPECT_GT(operation.parts_count, 0U);
    parts_seen += operation.parts_count;
    if (wire.record_size != 0) return send_records(wire, operation);
    for (std::uint32_t i = 0; i < operation.parts_count; ++i) {
      const iovec& part = operation.parts[i];
      const std::size_t taken = std::min(wire.room, part.iov_len);
      wire.bytes.append(static_cast<const char*>(part.iov_base), taken);
      if (wire.room != Wire::kAnySize) wire.room -= taken;
      operation.result += static_cast<std::int64_t>(taken);
      if (taken < part.iov_len) return;
    }
  }

  static void send_records(Wire& wire, net::SendOperation& operation) {
    std::string offered;
    for (std::uint32_t i = 0; i < operation.parts_count; ++i) {
      offered.append(static_cast<const char*>(operation.parts[i].iov_base),
                     operation.parts[i].iov_len);
    }
    EXPECT_TRUE(offered.starts_with(wire.held)) << "what is held was changed or overtaken";
    std::string record = std::exchange(wire.held, {});
    std::size_t taken = 0;
    while (taken < offered.size()) {
      if (record.empty()) record = offered.substr(taken, wire.record_size);
      if (wire.room < record.size()) {
        wire.held = record;
        wire.room = 0;
        break;
      }
      wire.bytes += record;
      if (wire.room != Wire::kAnySize) wire.room -= record.size();
      taken += record.size();
      record.clear();
    }
    operation.result = static_cast<std::int64_t>(taken);
    operation.held = static_cast<std::uint32_t>(wire.held.size());
  }
};

// What stands on a wire: whole frames, and perhaps the first bytes of another one.
struct Frame {
  int opcode;
  std::string payload;
  bool compressed = false;  // RFC 7692: RSV1.
  bool operator==(const Frame&) const = default;
};

struct Parsed {
  std::vector<Frame> frames;
  std::size_t torn = 0;  // Bytes of a frame that is not whole.
};

inline Parsed parse_frames(std::string_view bytes) {
  Parsed parsed;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (;;) {
    parsed.torn = bytes.size();
    if (bytes.size() < 2) return parsed;
    EXPECT_EQ(byte(0) & 0xB0, 0x80) << "torn: this is no frame's first byte";
    EXPECT_EQ(byte(1) & 0x80, 0) << "a server does not mask";
    std::size_t header = 2;
    std::size_t size = byte(1);
    if (size > 125) {
      header = size == 126 ? 4 : 10;
      if (bytes.size() < header) return parsed;
      size = 0;
      for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
    }
    if (bytes.size() < header + size) return parsed;
    parsed.frames.push_back(
        {byte(0) & 0x0F, std::string(bytes.substr(header, size)), (byte(0) & 0x40) != 0});
    bytes.remove_prefix(header + size);
  }
}

}  // namespace testing_support
