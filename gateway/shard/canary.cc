#include "gateway/shard/canary.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "proto/base/assert.h"

namespace shard {
namespace {

// A binary message of two bytes, the sender's index: 82 02 hi lo.
constexpr std::size_t kFrameSize = 4;

}  // namespace

Canary::Canary(cross::ShardIndex self, cross::ShardSet& shards, loop::EventLoop& loop,
               edge::Edge& edge, Router& router)
    : self_(self), shards_(shards), loop_(loop), router_(router) {
  std::array<int, 2> pair{};
  DUNLIN_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) ==
                0);
  receiver_ = pair[0];
  readable_ = std::make_unique<loop::Readable>(loop, receiver_, [this] { receive(); });
  shards_.canary(self_).store(edge.adopt_internal(pair[1]).value, std::memory_order_release);
}

Canary::~Canary() {
  readable_.reset();
  ::close(receiver_);
}

void Canary::run(std::uint64_t now_ms, std::uint32_t interval_ms) {
  if (interval_ms == 0) {
    next_due_ms_ = 0;
    return;
  }
  if (now_ms < next_due_ms_) return;
  next_due_ms_ = now_ms + interval_ms;
  const std::array<char, 2> payload{static_cast<char>(self_ >> 8), static_cast<char>(self_)};
  for (cross::ShardIndex to = 0; to < shards_.size(); ++to) {
    router_.send_canary(to, {payload.data(), payload.size()});
  }
}

void Canary::receive() {
  std::array<char, 1'024> buffer;
  ssize_t size = 0;
  while ((size = ::recv(receiver_, buffer.data(), buffer.size(), 0)) > 0) {
    received_.append(buffer.data(), static_cast<std::size_t>(size));
  }
  while (received_.size() >= kFrameSize) {
    const auto high = static_cast<unsigned char>(received_[2]);
    const auto low = static_cast<unsigned char>(received_[3]);
    const auto from = static_cast<cross::ShardIndex>((high << 8) | low);
    received_.erase(0, kFrameSize);
    if (from >= shards_.size()) continue;
    shards_.canary_arrival(from, self_).store(loop_.now_ms(), std::memory_order_relaxed);
    shards_.counters(self_).canaries_arrived.add();
  }
}

}  // namespace shard
