#include "gateway/cross/address_table.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>

namespace cross {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

AddressTable::AddressTable(std::uint32_t connections)
    : width_(std::bit_ceil(std::max<std::size_t>(connections / kLoad, kWidthMin))),
      seed_(random_seed()),
      counters_(std::make_unique<Counter[]>(kRows * width_)) {}

AddressTable::Places AddressTable::places_of(const proxy::IpAddress& ip) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(ip.bytes.data(), ip.bytes.size(), seed_);
  const std::array<std::uint64_t, kRows> parts = {hash.low64, hash.low64 >> 32, hash.high64,
                                                  hash.high64 >> 32};
  Places places{};
  for (std::size_t row = 0; row < kRows; ++row) {
    places[row] = row * width_ + (parts[row] & (width_ - 1));
  }
  return places;
}

bool AddressTable::take(const proxy::IpAddress& ip, std::uint32_t count_max) {
  const Places places = places_of(ip);
  for (const std::size_t place : places) counters_[place].fetch_add(1);
  // Looked at after all four are counted (sequentially consistent): of two that take the last
  // place, the one that counted last sees both.
  if (count(ip) <= count_max) return true;
  give_back(ip);
  return false;
}

void AddressTable::give_back(const proxy::IpAddress& ip) {
  for (const std::size_t place : places_of(ip)) counters_[place].fetch_sub(1);
}

std::uint32_t AddressTable::count(const proxy::IpAddress& ip) const {
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
  for (const std::size_t place : places_of(ip)) least = std::min(least, counters_[place].load());
  return least;
}

}  // namespace cross
