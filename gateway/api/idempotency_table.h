// What was answered under which idempotency key, so that a repeated request gets the same answer
// and does nothing. A key is claimed before the request is acted on and gets its answer afterwards.
//
// Owner: Shard (of the keys whose home it is).   Thread: its shard's.   Bound: keys_max keys and
// bytes_max bytes of keys and answers; the oldest give way. A claim that is never answered is
// forgotten after ttl_ms like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/api/dispatcher.h"

namespace api {

class IdempotencyTable {
 public:
  struct Limits {
    std::size_t keys_max = 100'000;
    std::size_t bytes_max = 64 << 20;
    std::uint64_t ttl_ms = 600'000;
  };
  explicit IdempotencyTable(const Limits& limits) : limits_(limits) {}
  IdempotencyTable(const IdempotencyTable&) = delete;
  IdempotencyTable& operator=(const IdempotencyTable&) = delete;

  // A reload; what is too much now gives way with the next claim.
  void set_limits(const Limits& limits) { limits_ = limits; }

  [[nodiscard]] ClaimAnswer claim(std::string_view key, std::uint64_t fingerprint,
                                  std::uint64_t now_ms);

  // The answer of a claimed request. Status 0 gives the claim up: the next request is new. Without
  // a pending claim (it gave way) nothing happens.
  void store(std::string_view key, int status, std::string body);

  // Forgets what is older than ttl_ms, a bounded number a call; true: there is more.
  bool expire(std::uint64_t now_ms);

  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::uint64_t fingerprint = 0;
    std::uint64_t claimed_ms = 0;
    int status = 0;  // 0: pending.
    std::string body;
  };
  using Entries = std::list<Entry>;

  void forget(Entries::iterator entry);
  void make_room();

  Limits limits_;
  Entries entries_;                                                 // Oldest claim first.
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // Keys point into entries_.
  std::size_t bytes_ = 0;
};

}  // namespace api
