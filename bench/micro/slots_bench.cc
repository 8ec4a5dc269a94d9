// From a uid to its home shard.
#include "gateway/cross/slots.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

void BM_HomeOf(benchmark::State& state) {
  const cross::SlotMap map(8);
  std::vector<std::string> uids;
  for (int i = 0; i < 1'024; ++i) {
    std::string uid = "user-" + std::to_string(i);
    uid.resize(std::max<std::size_t>(uid.size(), static_cast<std::size_t>(state.range(0))), 'x');
    uids.push_back(std::move(uid));
  }
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(map.home_of(uids[next++ % uids.size()]));
}

void BM_MakeMap(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(cross::SlotMap(static_cast<cross::ShardIndex>(state.range(0))));
  }
}

BENCHMARK(BM_HomeOf)->Name("slots_home_of")->Arg(9)->Arg(36)->Arg(256);
BENCHMARK(BM_MakeMap)->Name("slots_make_map")->Arg(2)->Arg(64);

}  // namespace
