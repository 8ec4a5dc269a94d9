// How many connections an address has, on all shards together, without a lock and in fixed memory:
// a count-min sketch (Cormode and Muthukrishnan, 2005). An address has one counter in each of
// kRows rows, and shares them with others; its count is the least of the four. So the count is
// never too low: no address gets more than its limit. It can be too high only where all four
// counters are shared with addresses that hold much; the rows' places are drawn with a random seed,
// so that nobody can aim at another's.
//
// Owner: ShardSet.   Thread: any; every shard counts its own connections up and down.   Bound: as
// many counters a row as there can be connections, or a quarter of it: see the constructor.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "proto/proxy/ip_address.h"

namespace cross {

class AddressTable {
 public:
  // With `connections` counted, a row's counter is shared with kLoad connections of others on
  // average; the least of four with far fewer.
  explicit AddressTable(std::uint32_t connections);
  AddressTable(const AddressTable&) = delete;
  AddressTable& operator=(const AddressTable&) = delete;

  // Counts one more, unless that would be more than `count_max`. Two shards that take the last
  // place at the same moment may both be refused, but never both get it.
  [[nodiscard]] bool take(const proxy::IpAddress& ip, std::uint32_t count_max);
  // One less, of an address that was taken.
  void give_back(const proxy::IpAddress& ip);
  // Never below the true count.
  [[nodiscard]] std::uint32_t count(const proxy::IpAddress& ip) const;

  [[nodiscard]] std::size_t bytes() const { return kRows * width_ * sizeof(Counter); }

 private:
  using Counter = std::atomic<std::uint32_t>;
  static constexpr std::size_t kRows = 4;
  static constexpr std::size_t kLoad = 4;
  static constexpr std::size_t kWidthMin = 1'024;
  using Places = std::array<std::size_t, kRows>;

  [[nodiscard]] Places places_of(const proxy::IpAddress& ip) const;

  const std::size_t width_;  // A power of two.
  const std::uint64_t seed_;
  const std::unique_ptr<Counter[]> counters_;
};

}  // namespace cross
