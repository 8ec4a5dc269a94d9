// The workers' counters as plain numbers: summed over the workers, and what was added between two
// looks.
//
// Owner: Run.   Thread: the coordinator's.   Bound: fixed size.
#pragma once

#include <array>
#include <cstdint>

#include "bench/load/scenario/control.h"

namespace load {

struct Totals {
  std::uint64_t opened = 0;
  std::uint64_t resumed = 0;
  std::uint64_t open_failed = 0;
  std::uint64_t turned_away = 0;
  std::uint64_t past_hint = 0;
  std::uint64_t ended = 0;
  std::uint64_t published = 0;
  std::uint64_t refused = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t unsent = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t expected = 0;
  std::uint64_t received = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t foreign = 0;
  std::uint64_t pings = 0;
  std::uint64_t compressed = 0;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t inflated_bytes = 0;

  [[nodiscard]] std::uint64_t lost() const { return expected > received ? expected - received : 0; }
  // Pushes that nothing more is to be heard of.
  [[nodiscard]] std::uint64_t settled() const {
    return published + refused + unanswered + timed_out;
  }

  Totals& operator+=(const Totals& other);
  Totals& operator-=(const Totals& other);
  Totals& operator+=(const Counters& counters);
};

struct Count {
  Counter Counters::* counter;
  std::uint64_t Totals::* total;
};

// Every one of them; what is not in this list is in no result.
inline constexpr std::array kCounts = {
    Count{&Counters::opened, &Totals::opened},
    Count{&Counters::resumed, &Totals::resumed},
    Count{&Counters::open_failed, &Totals::open_failed},
    Count{&Counters::turned_away, &Totals::turned_away},
    Count{&Counters::past_hint, &Totals::past_hint},
    Count{&Counters::ended, &Totals::ended},
    Count{&Counters::published, &Totals::published},
    Count{&Counters::refused, &Totals::refused},
    Count{&Counters::unanswered, &Totals::unanswered},
    Count{&Counters::unsent, &Totals::unsent},
    Count{&Counters::timed_out, &Totals::timed_out},
    Count{&Counters::expected, &Totals::expected},
    Count{&Counters::received, &Totals::received},
    Count{&Counters::duplicated, &Totals::duplicated},
    Count{&Counters::reordered, &Totals::reordered},
    Count{&Counters::corrupted, &Totals::corrupted},
    Count{&Counters::foreign, &Totals::foreign},
    Count{&Counters::pings, &Totals::pings},
    Count{&Counters::compressed, &Totals::compressed},
    Count{&Counters::compressed_bytes, &Totals::compressed_bytes},
    Count{&Counters::inflated_bytes, &Totals::inflated_bytes},
};
static_assert(sizeof(Totals) == kCounts.size() * sizeof(std::uint64_t));

inline Totals& Totals::operator+=(const Totals& other) {
  for (const Count& count : kCounts) this->*count.total += other.*count.total;
  return *this;
}

inline Totals& Totals::operator-=(const Totals& other) {
  for (const Count& count : kCounts) this->*count.total -= other.*count.total;
  return *this;
}

inline Totals& Totals::operator+=(const Counters& counters) {
  for (const Count& count : kCounts) this->*count.total += (counters.*count.counter).get();
  return *this;
}

}  // namespace load
