// Finding the member of a uid, with and without asking for the memory ahead; against reading one
// word at a random place of a table as large as the members are.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/hub/member_table.h"

namespace {

struct Users {
  explicit Users(std::uint32_t count) {
    table.grow_to(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      uids.push_back(std::to_string(100'000 + i));
      hashes.push_back(cross::hash_of(uids.back()));
      table[i].active = true;
      table[i].uid = hub::ShortString(uids.back());
      table.link(i);
    }
  }
  // Neither in order nor predictable for the processor.
  [[nodiscard]] std::uint32_t nth(std::uint64_t n) const {
    return static_cast<std::uint32_t>((n * 0x9E3779B97F4A7C15U >> 20) % uids.size());
  }
  hub::MemberTable table{0};
  std::vector<std::string> uids;
  std::vector<std::uint64_t> hashes;
};

void BM_Find(benchmark::State& state) {
  const Users users(static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::uint32_t i = users.nth(n++);
    benchmark::DoNotOptimize(users.table.find(users.uids[i], users.hashes[i]));
  }
}

void BM_FindPrefetched(benchmark::State& state) {
  const Users users(static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::uint32_t i = users.nth(n);
    users.table.prefetch_entry(users.hashes[users.nth(n + 8)]);
    users.table.prefetch_member(users.hashes[users.nth(n + 4)]);
    ++n;
    benchmark::DoNotOptimize(users.table.find(users.uids[i], users.hashes[i]));
  }
}

void BM_OneRandomRead(benchmark::State& state) {
  std::vector<std::array<std::uint64_t, 8>> lines(static_cast<std::size_t>(state.range(0)));
  std::uint64_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(lines[(n++ * 0x9E3779B97F4A7C15U >> 20) % lines.size()][0]);
  }
}

BENCHMARK(BM_Find)->Name("uid_find")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(BM_FindPrefetched)->Name("uid_find_prefetched")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(BM_OneRandomRead)->Name("one_random_read")->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
