// Listening sockets: one for each shard on the same address (SO_REUSEPORT), so that the kernel
// spreads new connections and no shard hands them round.
//
// Owner: Shard.   Thread: its shard's.   Bound: `budget` connections accepted in one turn.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/config/host_port.h"
#include "gateway/loop/event_loop.h"
#include "gateway/net/address.h"

namespace net {

// One descriptor for each shard, bound and listening, all on the port that the first one got.
// Refuses an address that another process listens on, which SO_REUSEPORT alone would share.
// The error is one line: what failed, on which address, and why.
struct BoundSockets {
  std::vector<int> descriptors;
  config::HostPort address;  // With the port that was chosen.
};
std::expected<BoundSockets, std::string> bind_sockets(const config::HostPort& address,
                                                      std::uint32_t count, std::uint32_t backlog);

class Listener {
 public:
  using OnAccept = std::function<void(int fd, const Address& peer)>;
  using OnError = std::function<void(int error)>;

  // Takes over `descriptor`.
  Listener(loop::EventLoop& loop, int descriptor, OnAccept on_accept, OnError on_error);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // No more connections; those that wait in the kernel's backlog are reset.
  void close();
  // Accepts what waits there first, as far as descriptors go and at most kLastAccepts, so that who
  // has connected can be told why he cannot stay.
  void accept_last_and_close();

 private:
  void accept_ready();
  [[nodiscard]] int accept_one();
  void shed_one();

  static constexpr int kAcceptBudget = 64;
  static constexpr int kLastAccepts = 4'096;      // The kernel's own default bound of a backlog.
  static constexpr std::uint64_t kPauseMs = 100;  // After an error that waiting may cure.

  const OnAccept on_accept_;
  const OnError on_error_;
  int descriptor_;
  int spare_;  // Given up for a moment when descriptors run out, to refuse a connection properly.
  std::unique_ptr<loop::Readable> readable_;
  loop::Timer pause_;
};

}  // namespace net
